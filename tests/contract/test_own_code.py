"""Models that are the service's own code: decorated functions of every kind, and stretches of code."""

from __future__ import annotations

import asyncio
import functools
import inspect
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest
from sklearn.linear_model import LogisticRegression

import otel_mlmon
from otel_mlmon.config.schema import Configuration, Limits, Match, ModelRule, Segments
from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected
from tests.conftest import Table

DURATION, VALUE, PREDICTIONS = "ml.prediction.duration", "ml.prediction.value", "ml.predictions"


@dataclass
class Verdict:
    score: float
    label: str


class Reply(pydantic.BaseModel):
    verdict: dict[str, float]


@otel_mlmon.monitor(name="before-instrumentation")
def decorated_at_import(number: float) -> float:
    return number / 2


def test_a_function_decorated_before_instrumentation_is_one_record_a_call(telemetry: Collected) -> None:
    assert decorated_at_import(3.0) == 1.5
    (duration,) = telemetry.points(DURATION)
    assert duration.count == 1
    assert duration.attributes == {"ml.model.name": "before-instrumentation", "ml.operation": "decorated_at_import"}
    assert telemetry.total(VALUE) == 1.5
    assert telemetry.total("ml.prediction.batch.size") == 1
    (info,) = telemetry.points("ml.model.info")
    assert info.attributes["ml.framework"] == "python"
    assert info.attributes["ml.model.class"] == "decorated_at_import"


def test_without_instrumentation_a_decorated_function_is_as_it_was(instrument: Callable[..., Collected]) -> None:
    assert decorated_at_import(3.0) == 1.5
    collected = instrument()
    ModelInstrumentor().uninstrument()
    assert decorated_at_import(3.0) == 1.5
    assert collected.points(DURATION) == []


def test_a_second_instrumentation_observes_what_the_first_one_did(instrument: Callable[..., Collected]) -> None:
    instrument()
    decorated_at_import(1.0)
    ModelInstrumentor().uninstrument()
    collected = instrument()
    decorated_at_import(1.0)
    assert collected.count(DURATION) == 1


OUTPUTS: dict[str, tuple[dict[str, Any], Any, dict[str, float], dict[str, int]]] = {
    "a number": ({}, 0.5, {"": 0.5}, {}),
    "a whole number": ({}, -3, {"": -3.0}, {}),
    "a truth value": ({}, True, {}, {"true": 1}),
    "an array": ({}, np.array([0.5, 0.25]), {"": 0.75}, {}),
    "an array of truth values": ({}, np.array([True, False, True]), {}, {"true": 2, "false": 1}),
    "a list of numbers": ({}, [1, 2.5], {"": 3.5}, {}),
    "a series": ({}, pd.Series([1.0, 2.0]), {"": 3.0}, {}),
    "a label": ({"kind": "label"}, "spam", {}, {"spam": 1}),
    "labels": ({"kind": "label"}, ["spam", "ham", "spam"], {}, {"spam": 2, "ham": 1}),
    "a field of a dict": ({"output": "score"}, {"score": 0.25, "text": "secret"}, {"": 0.25}, {}),
    "a field of a dataclass": ({"output": "label", "kind": "label"}, Verdict(0.5, "ham"), {}, {"ham": 1}),
    "a field of a pydantic model": ({"output": "verdict.score"}, Reply(verdict={"score": 0.75}), {"": 0.75}, {}),
    "several fields": ({"output": ["price", "risk"]}, {"price": 12.0, "risk": 0.1}, {"price": 12.0, "risk": 0.1}, {}),
    "a function of the answer": ({"output": lambda answer: answer[1]}, ("text", 0.5), {"": 0.5}, {}),
    "a probability": ({"kind": "probability"}, 0.75, {"": 0.75}, {"1": 1}),
    "probabilities of three classes": (
        {"kind": "probability"},
        np.array([[0.5, 0.25, 0.25]]),
        {"0": 0.5, "1": 0.25, "2": 0.25},
        {"0": 1},
    ),
    "text is not read": ({}, "a secret", {}, {}),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_output_is_found_by_its_type_or_as_was_said(name: str, telemetry: Collected) -> None:
    keywords, answer, values, classes = OUTPUTS[name]

    @otel_mlmon.monitor(name="scorer", **keywords)
    def score() -> Any:
        return answer

    assert score() is answer
    assert telemetry.count(DURATION) == 1
    found = {point.attributes.get("ml.output.name", ""): point.sum for point in telemetry.points(VALUE)}
    assert found == pytest.approx(values)
    assert telemetry.counts_by(PREDICTIONS, "ml.prediction.class") == classes


@pytest.mark.parametrize("name", OUTPUTS)
def test_many_calls_without_spans_are_recorded_as_many_times(name: str, instrument: Callable[..., Collected]) -> None:
    keywords, answer, values, classes = OUTPUTS[name]
    collected = instrument(spans="off")

    @otel_mlmon.monitor(name="scorer", **keywords)
    def score() -> Any:
        return answer

    for _ in range(20):
        score()
    assert collected.count(DURATION) == 20
    found = {point.attributes.get("ml.output.name", ""): point.sum for point in collected.points(VALUE)}
    assert found == pytest.approx({name: 20 * value for name, value in values.items()})
    counts = {label: 20 * count for label, count in classes.items()}
    assert collected.counts_by(PREDICTIONS, "ml.prediction.class") == counts


def test_a_list_of_other_things_is_its_number_of_results(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="search")
    def search(words: list[str]) -> list[str]:
        return words

    search(["tea", "milk"])
    search([])
    (point,) = telemetry.points("ml.result.count")
    assert (point.count, point.sum, point.buckets[0]) == (2, 2.0, 1)
    assert telemetry.points(PREDICTIONS) == []


def test_methods_static_and_class_methods_are_observed(telemetry: Collected) -> None:
    class Scorer:
        factor = 2.0

        @otel_mlmon.monitor(name="method")
        def score(self, number: float) -> float:
            return self.factor * number

        @classmethod
        @otel_mlmon.monitor(name="class-method")
        def of_class(cls, number: float) -> float:
            return cls.factor * number

        @otel_mlmon.monitor(name="static-method")
        @staticmethod
        def alone(number: float) -> float:
            return number

    assert (Scorer().score(1.0), Scorer.of_class(2.0), Scorer.alone(3.0)) == (2.0, 4.0, 3.0)
    totals = {point.attributes["ml.model.name"]: point.sum for point in telemetry.points(VALUE)}
    assert totals == {"method": 2.0, "class-method": 4.0, "static-method": 3.0}


class Rules:
    async def __call__(self, number: float) -> float:
        return number


def test_callable_objects_partial_and_bound_methods_are_observed(telemetry: Collected) -> None:
    rules = otel_mlmon.monitor(name="rules")(Rules())
    halves = otel_mlmon.monitor(name="halves")(functools.partial(pow, 2.0))
    bound = otel_mlmon.monitor(name="bound")(np.array([1.0, 2.0]).sum)
    assert asyncio.run(rules(0.5)) == 0.5
    assert (halves(-1), bound()) == (0.5, 3.0)
    totals = {point.attributes["ml.model.name"]: point.sum for point in telemetry.points(VALUE)}
    assert totals == {"rules": 0.5, "halves": 0.5, "bound": 3.0}


def test_a_coroutine_is_one_record_that_lasts_until_its_answer(telemetry: Collected) -> None:
    async def main() -> float:
        go_on = asyncio.Event()

        @otel_mlmon.monitor(name="slow")
        async def score(number: float) -> float:
            await go_on.wait()
            return number

        assert inspect.iscoroutinefunction(score)
        calls = [asyncio.ensure_future(score(float(number))) for number in range(10)]
        await asyncio.sleep(0)
        assert telemetry.points(DURATION) == []
        go_on.set()
        return sum(await asyncio.gather(*calls))

    assert asyncio.run(main()) == 45.0
    assert telemetry.count(DURATION) == 10
    assert telemetry.total(VALUE) == 45.0


def test_a_cancelled_coroutine_is_a_failure(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="slow")
    async def score() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        call = asyncio.ensure_future(score())
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(main())
    assert telemetry.count(DURATION, error_type="CancelledError") == 1


def test_a_streamed_answer_has_a_time_to_first_a_total_and_its_length(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="writer")
    def write(words: list[str]) -> Iterator[str]:
        yield from words
        return "stop"

    stream = write(["a", "b", "c"])
    assert next(stream) == "a"
    assert telemetry.count("ml.prediction.time_to_first") == 1
    assert telemetry.points(DURATION) == []
    assert list(stream) == ["b", "c"]
    (first,), (total,) = telemetry.points("ml.prediction.time_to_first"), telemetry.points(DURATION)
    assert 0 < first.sum <= total.sum
    assert (total.count, telemetry.total("ml.result.count")) == (1, 3)


def test_pieces_of_a_stream_can_be_outputs(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="scores", output="score")
    def scores() -> Iterator[dict[str, float]]:
        for number in (0.25, 0.5):
            yield {"score": number}

    assert list(scores()) == [{"score": 0.25}, {"score": 0.5}]
    assert (telemetry.count(VALUE), telemetry.total(VALUE)) == (2, 0.75)
    assert telemetry.total("ml.prediction.batch.size") == 2


def test_a_generator_keeps_what_is_sent_thrown_and_returned(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="echo")
    def echo() -> Iterator[Any]:
        heard: list[Any] = []
        while len(heard) < 2:
            try:
                heard.append((yield len(heard)))
            except KeyError as error:  # noqa: PERF203
                heard.append(type(error))
        return heard

    def delegate() -> Iterator[Any]:
        returned.append((yield from echo()))

    returned: list[Any] = []
    stream = delegate()
    assert next(stream) == 0
    assert stream.send("hello") == 1
    with pytest.raises(StopIteration):
        stream.throw(KeyError("no"))
    assert returned == [["hello", KeyError]]
    assert telemetry.count(DURATION) == 1


def test_a_stream_that_nobody_reads_to_its_end_is_recorded_when_it_is_closed(telemetry: Collected) -> None:
    closed = []

    @otel_mlmon.monitor(name="writer")
    def write() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    stream = write()
    next(stream)
    stream.close()
    assert closed == [True]
    assert telemetry.count(DURATION) == 1
    assert telemetry.total("ml.result.count") == 1


def test_a_stream_that_breaks_is_a_failure_and_raises_as_it_did(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="writer")
    def write() -> Iterator[int]:
        yield 1
        raise ValueError("no paper")

    with pytest.raises(ValueError, match="no paper"):
        list(write())
    assert telemetry.count(DURATION, error_type="ValueError") == 1


def test_an_asynchronous_stream_is_recorded_like_a_stream(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="writer")
    async def write(count: int) -> AsyncIterator[int]:
        for number in range(count):
            await asyncio.sleep(0)
            yield number

    async def main() -> list[int]:
        read = [piece async for piece in write(3)]
        part = write(5)
        read.append(await anext(part))
        await part.aclose()
        return read

    assert inspect.isasyncgenfunction(write)
    assert asyncio.run(main()) == [0, 1, 2, 0]
    assert telemetry.count(DURATION) == telemetry.count("ml.prediction.time_to_first") == 2
    assert telemetry.total("ml.result.count") == 4


def test_interleaved_streams_are_each_counted_and_a_model_between_is_not_theirs(
    telemetry: Collected, table: Table
) -> None:
    model = LogisticRegression().fit(table.inputs, table.label)

    @otel_mlmon.monitor(name="writer")
    def write() -> Iterator[int]:
        for _ in range(2):
            model.predict(table.inputs[:1])
            yield 1

    one, other = write(), write()
    for stream in (one, other, one, other):
        next(stream)
        model.predict(table.inputs[:1])
    assert list(one) == list(other) == []
    assert telemetry.count(DURATION, ml_model_name="writer") == 2
    assert telemetry.count(DURATION, ml_model_name="LogisticRegression") == 4


def test_models_inside_a_decorated_function_are_parts_of_its_call(telemetry: Collected, table: Table) -> None:
    model = LogisticRegression().fit(table.inputs, table.label)

    @otel_mlmon.monitor(name="service", kind="probability")
    def score(rows: Any) -> Any:
        return model.predict_proba(rows)[:, 1]

    score(table.inputs)
    assert set(telemetry.counts_by(DURATION, "ml.model.name")) == {"service"}
    assert telemetry.count(VALUE) == len(table)


def test_an_exception_is_the_functions_own_and_a_failure(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="broken")
    def score() -> float:
        raise KeyError("no such user")

    with pytest.raises(KeyError, match="no such user"):
        score()
    assert telemetry.count(DURATION, error_type="KeyError") == 1
    assert telemetry.points(VALUE) == []


def test_segments_come_from_the_named_parameters(instrument: Callable[..., Collected]) -> None:
    rule = ModelRule(match=Match(name="ranking"), segments=Segments(columns=("country", "age")))
    collected = instrument(Configuration(models=(rule,)))

    @otel_mlmon.monitor(name="ranking", inputs=["country", "age"])
    def rank(user: str, country: str, *, age: int = 30) -> float:
        return 0.5

    @otel_mlmon.monitor(name="ranking", inputs="order")
    def rank_order(order: dict[str, Any]) -> float:
        return 0.25

    @otel_mlmon.monitor(name="ranking", inputs=lambda order: order["address"])
    def rank_address(order: dict[str, Any]) -> float:
        return 0.125

    rank("u1", "DE")
    rank("u2", country="FR", age=20)
    rank_order({"country": "DE", "age": 30})
    rank_address({"address": {"country": "IT", "age": 1}})
    found = {
        (point.attributes["ml.segment.country"], point.attributes["ml.segment.age"], point.attributes["ml.operation"])
        for point in collected.points(VALUE)
    }
    assert found == {
        ("DE", "30", "rank"), ("FR", "20", "rank"), ("DE", "30", "rank_order"), ("IT", "1", "rank_address"),
    }  # fmt: skip


def test_a_stretch_of_code_is_one_call(telemetry: Collected) -> None:
    with otel_mlmon.prediction("fraud-rules", version="7") as call:
        call.output(0.9)
        call.output(0.2, kind="probability")
    with pytest.raises(ZeroDivisionError), otel_mlmon.prediction("fraud-rules", version="7"):
        _ = 1 / 0
    with otel_mlmon.prediction("fraud-rules", version="7"):
        pass
    assert telemetry.count(DURATION, ml_model_name="fraud-rules", ml_model_version="7") == 3
    assert telemetry.count(DURATION, error_type="ZeroDivisionError") == 1
    assert (telemetry.count(VALUE), telemetry.total(VALUE)) == (1, 0.2)
    assert telemetry.counts_by(PREDICTIONS, "ml.prediction.class") == {"0": 1}


def test_a_model_inside_a_stretch_of_code_is_a_part_of_it(telemetry: Collected, table: Table) -> None:
    model = LogisticRegression().fit(table.inputs, table.label)
    with otel_mlmon.prediction("two-stages", inputs={"country": "DE"}) as call:
        call.output(model.predict_proba(table.inputs)[:, 1])
    assert set(telemetry.counts_by(DURATION, "ml.model.name")) == {"two-stages"}
    (span,) = telemetry.spans()
    assert span.name == "predict two-stages"


WRONG: dict[str, Callable[[], object]] = {
    "no name": lambda: otel_mlmon.monitor(name=""),
    "a name that is no text": lambda: otel_mlmon.monitor(name=3),
    "the decorator without its parentheses' keywords": lambda: otel_mlmon.monitor(decorated_at_import),
    "an unknown kind": lambda: otel_mlmon.monitor(name="a", kind="regression"),
    "an output that is no name": lambda: otel_mlmon.monitor(name="a", output=3),
    "no outputs": lambda: otel_mlmon.monitor(name="a", output=[]),
    "a class": lambda: otel_mlmon.monitor(name="a")(Verdict),
    "a number": lambda: otel_mlmon.monitor(name="a")(3),
    "an unknown parameter": lambda: otel_mlmon.monitor(name="a", inputs="order")(decorated_at_import),
    "a stretch without a name": lambda: otel_mlmon.prediction(None),
    "an unknown kind of a stretch": lambda: otel_mlmon.prediction("a").output(1, kind="number"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_a_type_error_when_decorating(name: str) -> None:
    with pytest.raises(TypeError, match=r"monitor\(|prediction\(|output=|inputs=|output\(|positional"):
        WRONG[name]()


def test_a_wrong_output_is_counted_and_never_raises(telemetry: Collected) -> None:
    from otel_mlmon import safety

    safety.set_strict(False)

    @otel_mlmon.monitor(name="scorer", output="score")
    def score() -> dict[str, float]:
        return {"points": 1.0}

    assert score() == {"points": 1.0}
    assert telemetry.count("ml.monitor.errors", error_type="KeyError") == 1


def test_signature_docs_and_pickle_are_those_of_the_function(telemetry: Collected) -> None:
    assert list(inspect.signature(decorated_at_import).parameters) == ["number"]
    assert decorated_at_import.__name__ == "decorated_at_import"
    assert pickle.loads(pickle.dumps(decorated_at_import)) is decorated_at_import


def test_names_made_up_at_every_call_do_not_grow_for_ever(instrument: Callable[..., Collected]) -> None:
    collected = instrument(Configuration(limits=Limits(models=3)))
    for number in range(2000):
        with otel_mlmon.prediction(f"user-{number}") as call:
            call.output(0.5)
    found = collected.counts_by(DURATION, "ml.model.name")
    assert sum(found.values()) == 2000
    assert len(found) == 4


def test_a_stream_has_one_span_that_is_no_parent_of_what_its_reader_does(telemetry: Collected, table: Table) -> None:
    model = LogisticRegression().fit(table.inputs, table.label)

    @otel_mlmon.monitor(name="writer")
    def write() -> Iterator[int]:
        yield from (1, 2)

    for _ in write():
        model.predict(table.inputs[:1])
    spans = {span.name: span for span in telemetry.spans()}
    assert spans["predict LogisticRegression"].parent is None
    assert spans["predict writer"].parent is None
