"""The review sample: what a person should look at, only what is named, and never more than there is room for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import otel_mlmon
from otel_mlmon import safety
from otel_mlmon.config.checks import Check, Rule
from otel_mlmon.config.review import Review
from otel_mlmon.config.schema import Configuration, ModelRule
from tests.collected import Collected


@pytest.fixture
def reviewed(instrument: Callable[..., Collected], tmp_path: Path) -> Callable[..., Collected]:
    """Return a function that instruments the model ``m`` with a check of values above 0.9 and a review sample."""

    def start(**review: Any) -> Collected:
        rule = ModelRule(
            name="m",
            version="7",
            checks=(Check("high", Rule(above=0.9)), Check("low", Rule(below=0.1))),
            review=Review(file=str(tmp_path / "review.jsonl"), **review),
        )
        return instrument(Configuration(models=(rule,)))

    return start


def answer(values: Any, inputs: Any = None) -> None:
    with otel_mlmon.prediction("m", inputs=inputs) as call:
        call.output(np.array(values))


def lines(folder: Path) -> list[dict[str, Any]]:
    file = folder / "review.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_only_failing_rows_are_kept_with_their_value_checks_and_named_fields(
    reviewed: Callable[..., Collected], tmp_path: Path
) -> None:
    reviewed(fields=("country", "request", "absent"))
    with otel_mlmon.context(request="r-1", user="secret"), otel_mlmon.segment(client="ios"):
        answer([0.5, 0.95, 0.05], {"country": ["DE", "FR", "IT"], "name": ["secret"] * 3})
    first, second = lines(tmp_path)
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "model": "m",
        "version": "7",
        "operation": "predict",
        "failed": ["high"],
        "value": 0.95,
        "segments": {"client": "ios"},
        "fields": {"country": "FR", "request": "r-1", "absent": None},
    }
    assert (second["failed"], second["fields"]["country"]) == (["low"], "IT")
    assert "secret" not in (tmp_path / "review.jsonl").read_text()


def test_healthy_predictions_leave_no_file(reviewed: Callable[..., Collected], tmp_path: Path) -> None:
    reviewed()
    answer([0.5])
    assert list(tmp_path.iterdir()) == []


def test_texts_are_redacted(reviewed: Callable[..., Collected], tmp_path: Path) -> None:
    reviewed(fields=("comment",), redact=(r"[\w.]+@[\w.]+", r"\d{6,}"))
    answer([0.99], {"comment": "write to jane.doe@example.org or 0151123456, thanks"})
    (line,) = lines(tmp_path)
    assert line["fields"]["comment"] == "write to [redacted] or [redacted], thanks"


def test_no_more_than_the_limit_a_minute_and_no_larger_than_the_limit(
    reviewed: Callable[..., Collected], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("otel_mlmon.observe.review.monotonic", lambda: now[0])
    reviewed(per_minute=3, max_bytes=1000)
    answer([0.99] * 10)
    answer([0.99])
    assert len(lines(tmp_path)) == 3
    for _ in range(20):
        now[0] += 61
        answer([0.99])
    assert (tmp_path / "review.jsonl").stat().st_size < 1000 + 300


def test_a_file_that_cannot_be_written_is_our_error_and_the_call_goes_on(
    instrument: Callable[..., Collected], tmp_path: Path
) -> None:
    safety.set_strict(False)
    rule = ModelRule(
        name="m", checks=(Check("high", Rule(above=0.9)),), review=Review(file=str(tmp_path / "none" / "review.jsonl"))
    )
    collected = instrument(Configuration(models=(rule,)))
    answer([0.99])
    assert collected.count("ml.monitor.errors", ml_monitor_stage="review") == 1
    assert collected.count("ml.quality.checks", ml_quality_outcome="fail") == 1


def test_a_fail_is_linked_to_its_trace_and_counted_once(instrument: Callable[..., Collected]) -> None:
    otel_mlmon.check("odd", model="linked")(lambda answered: False)
    collected = instrument()
    for _ in range(5):
        with otel_mlmon.prediction("linked") as call:
            call.output(0.5)
    # A collection takes the exemplars with it.
    exemplars = [
        exemplar
        for resource in collected.reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "ml.quality.checks"
        for point in metric.data.data_points
        for exemplar in point.exemplars
    ]
    (exemplar,) = exemplars
    assert exemplar.trace_id in {span.context.trace_id for span in collected.spans()}
    assert collected.count("ml.quality.checks", ml_quality_check="odd") == 5
