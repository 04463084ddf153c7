"""What must hold of every framework: a file a framework says how its models are made and asked, and gets all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from attrs import field, frozen

from otel_mlmon.adapters import BUILT_IN
from otel_mlmon.instrumentor import ModelInstrumentor
from otel_mlmon.observe.labels import label_text
from tests.collected import Collected, Point
from tests.frameworks.same import same
from tests.frameworks.targets import attributes_of

ONLY = ""
"""Stands for the name of an only output, which has none."""

Load = Callable[[Path], Any]


@frozen
class Recorded:
    """What one call is to leave, from what it returned.

    Attributes
    ----------
    rows
        Of the batch.
    values, confidence
        Numbers by output name.
    classes
        Labels by output name, one a row.
    results
        How many each query got.
    """

    rows: int
    values: Mapping[str, Any] = field(factory=dict)
    classes: Mapping[str, Sequence[object]] = field(factory=dict)
    confidence: Mapping[str, Any] = field(factory=dict)
    results: Sequence[int] = ()


@frozen
class Case:
    """A model, and one way to ask it.

    Attributes
    ----------
    load
        Makes a model in an empty folder, and loads it where it is loaded from files; nothing of that is a prediction.
    ask
        Calls the model once; the same model gives the same answer twice.
    recorded
        What that is to leave, from the answer.
    name
        What the model is called with no configuration.
    operation
        The hooked function's name.
    fail
        A call in which the model raises; None where no input makes it.
    version
        ``ml.model.version``, where a loader knows it.
    """

    load: Load
    ask: Callable[[Any], Any]
    recorded: Callable[[Any], Recorded]
    name: str
    operation: str
    fail: Callable[[Any], Any] | None
    version: str | None = None


class FrameworkContract:
    """Subclass it as ``Test…`` in a file a framework.

    Attributes
    ----------
    adapter
        The adapter's name.
    cases
        By what they are.
    training
        Training and evaluation, in an empty folder: none of it is a prediction.
    """

    adapter: ClassVar[str]
    cases: ClassVar[Mapping[str, Case]]
    training: ClassVar[Mapping[str, Callable[[Path], object]]] = {}

    def test_a_call_answers_as_without_us(
        self, case: Case, instrument: Callable[..., Collected], tmp_path: Path
    ) -> None:
        model = case.load(tmp_path)
        expected = case.ask(model)
        collected = instrument()
        assert same(case.ask(model), expected)
        assert collected.count("ml.prediction.duration") == 1

    def test_a_call_is_one_record_of_what_it_returned(self, case: Case, telemetry: Collected, tmp_path: Path) -> None:
        model = case.load(tmp_path)
        assert telemetry.points("ml.prediction.duration") == []
        expected = case.recorded(case.ask(model))
        (duration,) = telemetry.points("ml.prediction.duration")
        assert duration.count == 1
        assert duration.attributes["ml.operation"] == case.operation
        assert duration.attributes["ml.model.name"] == case.name
        assert telemetry.total("ml.prediction.batch.size") == expected.rows
        assert_numbers(telemetry.points("ml.prediction.value"), expected.values)
        assert_numbers(telemetry.points("ml.prediction.confidence"), expected.confidence)
        assert counted(telemetry.points("ml.predictions")) == count(expected.classes)
        results = {ONLY: expected.results} if len(expected.results) else {}
        assert_numbers(telemetry.points("ml.result.count"), results)
        assert telemetry.points("ml.monitor.dropped") == []
        (span,) = telemetry.spans()
        assert span.attributes is not None
        assert span.attributes["ml.prediction.rows"] == expected.rows

    def test_a_call_is_recorded_the_same_when_it_is_one_of_many_and_has_no_span(
        self, case: Case, instrument: Callable[..., Collected], tmp_path: Path
    ) -> None:
        collected = instrument(spans="off")
        model = case.load(tmp_path)
        answers = [case.ask(model) for _ in range(3)]
        assert collected.count("ml.prediction.duration") == 3
        expected = [case.recorded(answer) for answer in answers]
        assert collected.total("ml.prediction.batch.size") == sum(one.rows for one in expected)
        numbers = [np.asarray(values, dtype=float) for one in expected for values in one.values.values()]
        found = collected.total("ml.prediction.value")
        assert found == pytest.approx(sum(float(values[np.isfinite(values)].sum()) for values in numbers), rel=1e-5)

    def test_the_model_is_known_by_framework_and_version(
        self, case: Case, telemetry: Collected, tmp_path: Path
    ) -> None:
        model = case.load(tmp_path)
        case.ask(model)
        (info,) = telemetry.points("ml.model.info")
        assert info.attributes["ml.framework"] == self.adapter
        assert info.attributes["ml.model.name"] == case.name
        assert info.attributes.get("ml.model.version") == case.version

    def test_a_call_that_raises_does_so_as_without_us_and_is_one_failure(
        self, failing: Case, instrument: Callable[..., Collected], tmp_path: Path
    ) -> None:
        model = failing.load(tmp_path)
        with pytest.raises(Exception) as before:  # noqa: PT011  (whatever the framework raises)
            failing.fail(model)
        collected = instrument()
        with pytest.raises(type(before.value)) as after:
            failing.fail(model)
        assert str(after.value) == str(before.value)
        (duration,) = collected.points("ml.prediction.duration")
        assert (duration.count, duration.attributes["error.type"]) == (1, type(before.value).__name__)
        assert collected.points("ml.prediction.value") == collected.points("ml.predictions") == []

    def test_training_and_evaluation_are_no_predictions(
        self, train: Callable[[Path], object], telemetry: Collected, tmp_path: Path
    ) -> None:
        train(tmp_path)
        assert telemetry.points("ml.prediction.duration") == []

    def test_uninstrumenting_leaves_nothing_behind(
        self, case: Case, instrument: Callable[..., Collected], tmp_path: Path
    ) -> None:
        model = case.load(tmp_path)
        (adapter,) = [adapter for adapter in BUILT_IN if adapter.name == self.adapter]
        before = attributes_of(adapter)
        collected = instrument()
        assert attributes_of(adapter) != before
        ModelInstrumentor().uninstrument()
        assert attributes_of(adapter) == before
        case.ask(model)
        assert collected.points("ml.prediction.duration") == []


def assert_numbers(points: Sequence[Point], expected: Mapping[str, Any]) -> None:
    """Assert that histograms hold just these numbers, by output name."""
    found = {point.attributes.get("ml.output.name", ONLY): point for point in points}
    wanted = {name: np.asarray(values, dtype=float).reshape(-1) for name, values in expected.items()}
    assert {name: point.count for name, point in found.items()} == {
        name: len(values) for name, values in wanted.items()
    }
    for name, values in wanted.items():
        assert found[name].sum == pytest.approx(float(values.sum()), rel=1e-5, abs=1e-6)
        assert (found[name].least, found[name].most) == pytest.approx((values.min(), values.max()), rel=1e-5, abs=1e-6)


def counted(points: Sequence[Point]) -> dict[tuple[str, str], int]:
    """Return predictions by output name and class."""
    return {
        (point.attributes.get("ml.output.name", ONLY), point.attributes["ml.prediction.class"]): point.count
        for point in points
    }


def count(classes: Mapping[str, Sequence[object]]) -> dict[tuple[str, str], int]:
    """Return how often each label stands in each output."""
    found: dict[tuple[str, str], int] = {}
    for name, labels in classes.items():
        for label in np.asarray(labels).reshape(-1).tolist():
            key = (name, label_text(label))
            found[key] = found.get(key, 0) + 1
    return found


def of_two(probabilities: Any) -> Recorded:
    """Return what probabilities of the two classes 0 and 1 leave: shape (rows, 2)."""
    table = np.asarray(probabilities, dtype=float)
    return Recorded(len(table), {ONLY: table[:, 1]}, {ONLY: table.argmax(axis=1)}, {ONLY: table.max(axis=1)})


def of_many(probabilities: Any, names: Sequence[str] | None = None) -> Recorded:
    """Return what probabilities of more than two classes leave: shape (rows, classes)."""
    table = np.asarray(probabilities, dtype=float)
    texts = [str(index) for index in range(table.shape[1])] if names is None else list(names)
    values = {text: table[:, index] for index, text in enumerate(texts)}
    winners = [texts[index] for index in table.argmax(axis=1)]
    return Recorded(len(table), values, {ONLY: winners}, {ONLY: table.max(axis=1)})


def of_scores(scores: Any) -> Recorded:
    """Return what numbers of no known meaning leave: shape (rows,) or (rows, 1)."""
    values = np.asarray(scores, dtype=float).reshape(-1)
    return Recorded(len(values), {ONLY: values})


def of_labels(labels: Any) -> Recorded:
    """Return what labels leave: shape (rows,)."""
    values = np.asarray(labels).reshape(-1)
    return Recorded(len(values), classes={ONLY: values})
