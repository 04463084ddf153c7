"""Watched inputs: what is wrong with them is counted for every row, in whatever form they come, and no value leaves."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

import otel_mlmon
from otel_mlmon.config.inputs import ColumnType, Input
from otel_mlmon.config.load import load
from otel_mlmon.config.schema import Configuration, ModelRule, Segments
from otel_mlmon.observe.inputs.column_values import Objects, read_values
from otel_mlmon.observe.inputs.judge import Judge
from tests.collected import Collected

Counts = dict[str, int]

NUMBER, TEXT, BOOLEAN, TIME = ColumnType


@pytest.fixture
def watch(instrument: Callable[..., Collected]) -> Callable[..., Collected]:
    """Return a function that instruments with watched inputs of the model ``m``."""

    def start(*inputs: Input, spans: str = "off", **more: Any) -> Collected:
        return instrument(Configuration(models=(ModelRule(name="m", inputs=inputs, **more),)), spans=spans)

    return start


def ask(inputs: Any, rows: int = 1) -> None:
    """Ask the model ``m``, which answers with one number a row."""
    with otel_mlmon.prediction("m", inputs=inputs) as call:
        call.output(np.zeros(rows))


class Zeros(RegressorMixin, BaseEstimator):
    """Answers with a number a row."""

    def predict(self, inputs: Any) -> Any:
        return np.zeros(len(inputs))


def states(collected: Collected, column: str, **attributes: str) -> Counts:
    return {
        point.attributes["ml.input.state"]: point.count
        for point in collected.points("ml.input.values", ml_input_name=column, **attributes)
    }


def rows(collected: Collected) -> Counts:
    return collected.counts_by("ml.input.rows", "ml.input.state")


NOW = datetime.now(timezone.utc)
NOW_SECONDS = NOW.timestamp()
HOUR_AGO, YEAR_AGO = NOW - timedelta(hours=1), NOW - timedelta(days=365)
DAY = 86_400.0


RULES: dict[str, tuple[Input, list[Any], Counts]] = {
    "range": (Input("x", range=(-60, 1500)), [-60, 0.5, 1500.0, 1501, -61.0], {"ok": 3, "out_of_range": 2}),
    "infinite": (Input("x", range=(0, 1)), [math.inf, -math.inf, 1], {"ok": 1, "out_of_range": 2}),
    "infinite where anything is in range": (Input("x", type=NUMBER), [math.inf, 1e300], {"ok": 1, "out_of_range": 1}),
    "a range without an end": (Input("x", range=(0, math.inf)), [math.inf, -1], {"ok": 1, "out_of_range": 1}),
    "huge whole numbers": (Input("x", range=(0, 1)), [10**400, -(10**400), 1], {"ok": 1, "out_of_range": 2}),
    "categories": (Input("x", categories=("JFK", "EWR")), ["JFK", "LGA", "jfk"], {"ok": 1, "unseen": 2}),
    "numbers as categories": (
        Input("x", categories=(1, 2.0)), [1, 1.0, 2, 3, "1"], {"ok": 3, "unseen": 1, "wrong_type": 1}
    ),
    "categories of two types": (Input("x", categories=(1, "other")), [1, "other", "1", 2], {"ok": 2, "unseen": 2}),
    "truth values as categories": (Input("x", categories=(True,)), [True, False], {"ok": 1, "unseen": 1}),
    "numbers as text": (Input("x", range=(0, 100)), [12.5, "12.5", "abc"], {"ok": 1, "wrong_type": 2}),
    "text": (Input("x", type=TEXT), ["a", "12.5", 12.5, True, ["a"]], {"ok": 2, "wrong_type": 3}),
    "bytes are text": (Input("x", categories=("a",)), [b"a", b"b"], {"ok": 1, "unseen": 1}),
    "truth values": (Input("x", type=BOOLEAN), [True, False, 1, 0.0, 2, "true"], {"ok": 4, "wrong_type": 2}),
    "a truth value is a number": (Input("x", range=(0, 1)), [True, 0.5], {"ok": 2}),
    "numbers of any type": (
        Input("x", range=(0, 1)), [Decimal("0.5"), np.float32(0.5), np.int64(2), Decimal(2)],
        {"ok": 2, "out_of_range": 2},
    ),
    "what is no value": (Input("x", range=(0, 1)), [[1], {"a": 1}, object()], {"wrong_type": 3}),
    "only whether there is one": (Input("x"), [1, "a", True, [1], math.inf, None], {"ok": 5, "missing": 1}),
    "missing": (
        Input("x", range=(0, 1)),
        [None, math.nan, "", pd.NA, pd.NaT, np.datetime64("NaT"), np.float64("nan"), Decimal("nan"), 0.5],
        {"missing": 8, "ok": 1},
    ),
    "missing before the wrong type": (Input("x", type=TEXT), [math.nan, "", 1.0], {"missing": 2, "wrong_type": 1}),
    "blank is not missing": (Input("x", categories=("a",)), [" ", "a"], {"unseen": 1, "ok": 1}),
    "times": (
        Input("x", max_age=DAY),
        [HOUR_AGO, YEAR_AGO, HOUR_AGO.replace(tzinfo=None), YEAR_AGO.date(), pd.Timestamp(HOUR_AGO),
         np.datetime64(YEAR_AGO.replace(tzinfo=None)), HOUR_AGO.astimezone(timezone(timedelta(hours=9)))],
        {"ok": 4, "stale": 3},
    ),
    "times as text": (
        Input("x", max_age=DAY),
        [HOUR_AGO.isoformat(), YEAR_AGO.isoformat(), f"{HOUR_AGO:%Y-%m-%dT%H:%M:%S}Z", f"{YEAR_AGO:%Y-%m-%d}",
         f"{HOUR_AGO.astimezone(timezone(timedelta(hours=-9))):%Y-%m-%dT%H:%M:%S}-09:00",
         "today", "NaT", "2026-13-45", "soon", "12.5"],
        {"ok": 3, "stale": 2, "wrong_type": 5},
    ),
    "seconds since 1970": (
        Input("x", max_age=DAY), [NOW_SECONDS, NOW_SECONDS - 2 * DAY, int(NOW_SECONDS)], {"ok": 2, "stale": 1}
    ),
    "milliseconds are no seconds": (Input("x", max_age=DAY), [NOW_SECONDS * 1000, math.inf], {"wrong_type": 2}),
    "a time that is to come is not stale": (Input("x", max_age=DAY), [NOW_SECONDS + 9 * DAY], {"ok": 1}),
    "times of any age": (Input("x", type=TIME), [YEAR_AGO, 0, "1999-01-01", "x"], {"ok": 3, "wrong_type": 1}),
    "a time is no number": (Input("x", range=(0, 1)), [NOW, date(2026, 1, 1)], {"wrong_type": 2}),
    "a time is no category": (Input("x", categories=(1, "a")), [NOW, 1], {"unseen": 1, "ok": 1}),
    "a duration is no time": (Input("x", type=TIME), [timedelta(1), np.timedelta64(1, "D")], {"wrong_type": 2}),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_each_value_of_a_column_is_in_one_state(name: str, watch: Callable[..., Collected]) -> None:
    rule, values, expected = RULES[name]
    collected = watch(rule)
    ask({"x": values}, len(values))
    assert states(collected, "x") == expected
    problems = len(values) - expected.get("ok", 0)
    assert rows(collected) == {
        state: count for state, count in (("ok", expected.get("ok", 0)), ("problem", problems)) if count
    }


@pytest.mark.parametrize("name", RULES)
def test_rows_one_by_one_are_judged_as_rows_together(name: str, watch: Callable[..., Collected]) -> None:
    rule, values, expected = RULES[name]
    collected = watch(rule)
    for value in values:
        ask({"x": [value]})
    for value in values:
        if not isinstance(value, (list, dict)) and type(value) is not object:
            ask([{"x": value}])
    once = sum(isinstance(value, (list, dict)) or type(value) is object for value in values)
    assert sum(states(collected, "x").values()) == 2 * len(values) - once
    if not once:
        assert states(collected, "x") == {state: 2 * count for state, count in expected.items()}


def test_many_values_are_judged_as_each_of_them() -> None:
    generator = random.Random(7)
    pool = [value for _, values, _ in RULES.values() for value in values] + [0, 1, "1", "a", NOW_SECONDS]
    for rule, _, _ in RULES.values():
        judge = Judge(rule)
        for size in (1, 3, 40):
            for _ in range(20):
                drawn = generator.choices(pool, k=size)
                assert judge.values(Objects(drawn)).tolist() == [judge.value(value) for value in drawn]


COLUMNS = {
    "delay": [5.0, 2000.0, None, 0.0, 7.0, 12.0],
    "origin": ["JFK", "XXX", "EWR", None, "", "JFK"],
    "count": [1, 2, 3, 4, 5, 99],
    "seen": [HOUR_AGO, YEAR_AGO, None, HOUR_AGO, HOUR_AGO, HOUR_AGO],
    "flag": [True, False, True, True, True, False],
}
WATCHED = (
    Input("delay", range=(-60, 1500)),
    Input("origin", categories=("JFK", "EWR")),
    Input("count", range=(0, 10)),
    Input("seen", max_age=DAY),
    Input("flag", type=BOOLEAN),
)
EXPECTED = {
    "delay": {"ok": 4, "out_of_range": 1, "missing": 1},
    "origin": {"ok": 3, "unseen": 1, "missing": 2},
    "count": {"ok": 5, "out_of_range": 1},
    "seen": {"ok": 4, "stale": 1, "missing": 1},
    "flag": {"ok": 6},
}
FRAME = pd.DataFrame(COLUMNS)
ARROW = pa.table(COLUMNS)
RECORDS = [dict(zip(COLUMNS, values, strict=True)) for values in zip(*COLUMNS.values(), strict=True)]
NAIVE = [None if moment is None else moment.replace(tzinfo=None) for moment in COLUMNS["seen"]]


def structured() -> Any:
    numbers = [math.nan if value is None else value for value in COLUMNS["delay"]]
    texts = [value or "" for value in COLUMNS["origin"]]
    return np.array(
        list(zip(numbers, texts, COLUMNS["count"], NAIVE, COLUMNS["flag"], strict=True)),
        dtype=[("delay", "f4"), ("origin", "U3"), ("count", "i8"), ("seen", "M8[s]"), ("flag", "?")],
    )


FORMS: dict[str, Callable[[], Any]] = {
    "pandas": lambda: FRAME,
    "pandas objects": lambda: FRAME.astype(object),
    "pandas nullable": FRAME.convert_dtypes,
    "pandas categorical": lambda: FRAME.assign(
        origin=FRAME["origin"].astype("category"), count=FRAME["count"].astype("category")
    ),
    "pandas by arrow": lambda: ARROW.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas naive times": lambda: FRAME.assign(seen=pd.to_datetime(pd.Series(NAIVE))),
    "pandas sparse": lambda: FRAME.assign(count=pd.arrays.SparseArray(COLUMNS["count"])),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "polars categorical": lambda: pl.DataFrame(COLUMNS).with_columns(pl.col("origin").cast(pl.Categorical)),
    "polars decimal": lambda: pl.DataFrame(COLUMNS).with_columns(pl.col("delay").cast(pl.Decimal(10, 2))),
    "arrow": lambda: ARROW,
    "arrow batch": lambda: ARROW.to_batches()[0],
    "arrow chunks": lambda: pa.concat_tables([ARROW.slice(0, 2), ARROW.slice(2)]),
    "arrow dictionary": lambda: ARROW.set_column(1, "origin", ARROW["origin"].dictionary_encode()),
    "structured": structured,
    "mapping of lists": lambda: COLUMNS,
    "mapping of tuples": lambda: {name: tuple(values) for name, values in COLUMNS.items()},
    "mapping of arrays": lambda: {name: np.array(values, dtype=object) for name, values in COLUMNS.items()},
    "mapping of columns": lambda: {name: FRAME[name] for name in COLUMNS},
    "list of mappings": lambda: RECORDS,
}


@pytest.mark.parametrize("form", FORMS)
def test_inputs_of_every_form_are_read(form: str, watch: Callable[..., Collected]) -> None:
    collected = watch(*WATCHED)
    ask(FORMS[form](), 6)
    assert {column: states(collected, column) for column in EXPECTED} == EXPECTED
    assert rows(collected) == {"ok": 1, "problem": 5}


ONES: dict[str, Callable[[int], Any]] = {
    "pandas": lambda place: FRAME.iloc[place : place + 1],
    "polars": lambda place: pl.DataFrame(COLUMNS)[place : place + 1],
    "arrow": lambda place: ARROW.slice(place, 1),
    "structured": lambda place: structured()[place : place + 1],
    "mapping": lambda place: RECORDS[place],
    "mapping of lists": lambda place: {name: [value] for name, value in RECORDS[place].items()},
    "mapping of arrays": lambda place: {name: np.array([value]) for name, value in RECORDS[place].items()},
    "list of a mapping": lambda place: [RECORDS[place]],
    "dataclass": lambda place: Flight(**RECORDS[place]),
    "pydantic": lambda place: FlightModel(**RECORDS[place]),
}


@dataclass
class Flight:
    delay: float | None
    origin: str | None
    count: int
    seen: datetime | None
    flag: bool


class FlightModel(pydantic.BaseModel):
    delay: float | None
    origin: str | None
    count: int
    seen: datetime | None
    flag: bool


@pytest.mark.parametrize("spans", ["off", "child"])
@pytest.mark.parametrize("form", ONES)
def test_a_row_of_every_form_is_read(form: str, spans: str, watch: Callable[..., Collected]) -> None:
    collected = watch(*WATCHED, spans=spans)
    for _ in range(2):
        for place in range(6):
            ask(ONES[form](place))
    assert {column: states(collected, column) for column in EXPECTED} == {
        column: {state: 2 * count for state, count in counts.items()} for column, counts in EXPECTED.items()
    }
    assert rows(collected) == {"ok": 2, "problem": 10}


def test_columns_of_a_matrix_are_watched_by_index(watch: Callable[..., Collected]) -> None:
    collected = watch(Input(0, range=(0, 1)), Input(2, type=NUMBER), Input(7))
    matrix = np.array([[0.5, 0, 1.0], [2.0, 0, np.nan], [np.nan, 0, 3.0]])
    Zeros().predict(matrix)
    for row in matrix:
        Zeros().predict(row.reshape(1, -1))
    assert states(collected, "0") == {"ok": 2, "out_of_range": 2, "missing": 2}
    assert states(collected, "2") == {"ok": 4, "missing": 2}
    assert states(collected, "7") == {"missing": 6}
    assert collected.total("ml.prediction.batch.size") == 6


def test_a_column_that_is_not_there_is_missing_in_every_row_and_named_once(
    watch: Callable[..., Collected], caplog: pytest.LogCaptureFixture
) -> None:
    collected = watch(Input("no_such_column", range=(0, 1)))
    for inputs, count in ((FRAME, 6), ({"a": 1}, 1), ({"a": [1, 2]}, 2), ([{"a": 1}, {"a": 2}], 2), (None, 3)):
        for _ in range(2):
            ask(inputs, count)
    assert states(collected, "no_such_column") == {"missing": 2 * (6 + 1 + 2 + 2 + 3)}
    assert caplog.text.count("got no column 'no_such_column'") == 1


def test_a_value_that_is_missing_is_no_column_that_is_not_there(
    watch: Callable[..., Collected], caplog: pytest.LogCaptureFixture
) -> None:
    collected = watch(Input("known_column"))
    ask({"known_column": None})
    ask({"known_column": None, "other": 1})
    ask(FlightModel(**RECORDS[2]))
    assert states(collected, "known_column") == {"missing": 3}
    assert caplog.text.count("got no column") == 1
    assert "FlightModel" in caplog.text


def test_a_column_that_cannot_be_aligned_is_missing(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("x", range=(0, 9)), Input("y", range=(0, 9)), Input("z", range=(0, 9)))
    ask({"x": [1, 2, 3], "y": [1, 2], "z": np.zeros((3, 2))}, 3)
    assert [states(collected, column) for column in "xyz"] == [{"ok": 3}, {"missing": 3}, {"missing": 3}]


def test_a_value_for_the_whole_call_is_that_of_each_row(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("x", range=(0, 9)), Input("country", categories=("DE",)))
    ask({"x": [1, 2, 10], "country": "XX"}, 3)
    assert states(collected, "country") == {"unseen": 3}
    assert rows(collected) == {"problem": 3}


def test_rows_are_those_of_the_inputs(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("x", range=(0, 9)))
    with otel_mlmon.prediction("m", inputs=pd.DataFrame({"x": [1, 2, 30]})) as call:
        call.output(["a", "b"], kind="results")
    with otel_mlmon.prediction("m", inputs={"x": 5}) as call:
        call.output(np.zeros(10))
    ask({"x": []}, 1)
    assert states(collected, "x") == {"ok": 3, "out_of_range": 1}


def test_answers_that_cannot_be_read_have_inputs_that_can(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("x", range=(0, 9)))
    with otel_mlmon.prediction("m", inputs={"x": 5}) as call:
        call.output("a text that nobody reads")
    with otel_mlmon.prediction("m", inputs={"x": [5, 50]}):
        pass
    assert states(collected, "x") == {"ok": 2, "out_of_range": 1}


def test_inputs_at_which_the_model_raises_count_too(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("x", range=(0, 9)), spans="child")
    model = LinearRegression().fit(pd.DataFrame({"x": [1.0, 2.0]}), [1.0, 2.0])
    model.predict(pd.DataFrame({"x": [1.0]}))
    with pytest.raises(ValueError, match="could not convert"):
        model.predict(pd.DataFrame({"x": ["abc", "12"]}))

    @otel_mlmon.monitor(name="m")
    def fail(inputs: dict[str, Any]) -> float:
        raise KeyError("x")

    with pytest.raises(KeyError):
        fail({"y": 1})
    assert states(collected, "x") == {"ok": 1, "wrong_type": 2, "missing": 1}
    problems = [(span.attributes.get("ml.input.problems"), span.status.is_ok) for span in collected.spans()]
    assert problems == [(None, True), (("x",), False), (("x",), False)]


def test_a_span_names_the_columns_with_a_problem_and_is_no_review(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("a", range=(0, 9)), Input("b", range=(0, 9)), Input("c"), spans="child")
    for _ in range(2):
        ask({"a": 1, "b": 2, "c": 3})
        ask({"a": 10, "b": 2, "c": None})
        ask({"a": [1, 2], "b": [20, 2], "c": ["x", "y"]}, 2)
    named = [span.attributes.get("ml.input.problems") for span in collected.spans()]
    assert named == [None, ("a", "c"), ("b",)] * 2
    assert not any("ml.review" in span.attributes for span in collected.spans())


def test_a_service_that_only_traces_gets_the_names(watch: Callable[..., Collected], instrument: Any) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from otel_mlmon.instrumentor import ModelInstrumentor

    exporter, tracers, instrumentor = InMemorySpanExporter(), TracerProvider(), ModelInstrumentor()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    rule = ModelRule(name="m", inputs=(Input("x", range=(0, 9)),))
    instrumentor.instrument(config=Configuration(models=(rule,)), tracer_provider=tracers)
    try:
        ask({"x": 10})
        ask({"x": [1, 20]}, 2)
    finally:
        instrumentor.uninstrument()
    assert [span.attributes["ml.input.problems"] for span in exporter.get_finished_spans()] == [("x",), ("x",)]


def test_boundaries_make_a_histogram_of_the_numbers(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("x", boundaries=(0.0, 10.0, 100.0), range=(0, 50)), Input("y", range=(0, 9)))
    values = [-1, 5, 50.0, 70, None, math.nan, math.inf, "12", True, Decimal(3)]
    ask({"x": values, "y": 1}, len(values))
    for value in (5, 7.5, None, "7"):
        ask({"x": value, "y": 1})
    ask({"x": np.array([5.0, np.nan]), "y": 1}, 2)
    ask(pd.DataFrame({"x": pd.Categorical([5.0, None]), "y": 1}), 2)
    (point,) = collected.points("ml.input.value")
    assert point.attributes["ml.input.name"] == "x"
    assert point.bounds == (0.0, 10.0, 100.0)
    assert point.buckets == (1, 7, 2, 0)
    assert (point.count, point.sum) == (10, -1 + 5 + 50 + 70 + 1 + 3 + 5 + 7.5 + 5 + 5)
    assert collected.count("ml.monitor.dropped") == 0


def test_context_segments_cut_inputs_and_columns_do_not(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("x", range=(0, 9)), segments=Segments(columns=("origin",)))
    with otel_mlmon.segment(client="ios"):
        for _ in range(3):
            ask({"x": 1, "origin": "JFK"})
            ask({"x": [1, 10], "origin": ["JFK", "EWR"]}, 2)
    ask({"x": 1, "origin": "JFK"})
    assert states(collected, "x", ml_segment_client="ios") == {"ok": 6, "out_of_range": 3}
    assert sum(point.count for point in collected.points("ml.input.values")) == 10
    for metric in ("ml.input.values", "ml.input.rows"):
        for point in collected.points(metric):
            assert "ml.segment.origin" not in point.attributes
            assert (point.attributes["ml.model.name"], point.attributes["ml.operation"]) == ("m", "predict")


def test_many_values_of_a_segment_are_folded_and_sums_stay_exact(watch: Callable[..., Collected]) -> None:
    collected = watch(Input("x", range=(0, 9)), segments=Segments(max_values=3))
    for number in range(50):
        with otel_mlmon.segment(user=number):
            ask({"x": 1})
    assert collected.counts_by("ml.input.values", "ml.segment.user") == {"0": 1, "1": 1, "2": 1, "other": 47}


def test_a_model_of_another_name_is_not_watched(instrument: Callable[..., Collected]) -> None:
    from otel_mlmon.config.schema import Match

    rule = ModelRule(match=Match(name="other"), inputs=(Input("x"),))
    collected = instrument(Configuration(models=(rule,)))
    ask({"x": None})
    assert collected.points("ml.input.values") == []


def test_threads_lose_nothing_and_every_column_sums_to_the_rows(watch: Callable[..., Collected]) -> None:
    threads, calls = 6, 400
    collected = watch(Input(0, range=(0, 50)), Input(1, categories=(0, 1)), Input(9))
    model = Zeros()
    started = threading.Barrier(threads + 1)

    def call() -> None:
        started.wait()
        for number in range(calls):
            model.predict(np.array([[number % 100, number % 3]]))
            if number % 50 == 0:
                model.predict(np.arange(40.0).reshape(20, 2))

    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(call) for _ in range(threads)]
        started.wait()
        while not all(future.done() for future in futures):
            collected.count("ml.input.values")
        for future in futures:
            future.result()
    asked = threads * (calls + 20 * calls // 50)
    assert collected.total("ml.prediction.batch.size") == asked
    for column in ("0", "1", "9"):
        assert sum(states(collected, column).values()) == asked
    assert states(collected, "0")["out_of_range"] == threads * calls * 49 // 100
    assert states(collected, "9") == {"missing": asked}
    assert sum(rows(collected).values()) == asked


def test_answers_that_wait_are_looked_at_once(watch: Callable[..., Collected]) -> None:
    collected = watch(Input(0, range=(0, 1)))
    model = LinearRegression().fit(np.arange(4.0).reshape(-1, 1), np.arange(4.0))
    for number in range(3000):
        model.predict(np.array([[number % 2 * 5.0]]))
    assert states(collected, "0") == {"ok": 1500, "out_of_range": 1500}
    assert collected.count("ml.prediction.value") == 3000


def test_checks_and_inputs_go_together(watch: Callable[..., Collected]) -> None:
    from otel_mlmon.config.checks import AgreesWith, Check, Rule

    check = Check("c", Rule(agrees_with=AgreesWith(call=f"{__name__}:nothing", tolerance=0.1)))
    collected = watch(Input("x", range=(0, 9)), checks=(check,))
    for number in range(20):
        ask({"x": number})
    assert states(collected, "x") == {"ok": 10, "out_of_range": 10}
    assert collected.counts_by("ml.quality.checks", "ml.quality.outcome") == {"pass": 20}


def nothing(inputs: Any) -> list[float]:
    return [0.0]


def test_an_answer_of_many_blocks_has_its_inputs_looked_at_once(watch: Callable[..., Collected]) -> None:
    collected = watch(Input(0, range=(0, 0.5)))
    count = 300_000
    Zeros().predict(np.linspace(0.0, 1.0, count).reshape(-1, 1))
    assert states(collected, "0") == {"ok": count // 2, "out_of_range": count // 2}


def test_no_value_of_an_input_leaves(watch: Callable[..., Collected], caplog: pytest.LogCaptureFixture) -> None:
    collected = watch(
        Input("name", categories=("secret-category",)), Input("number", range=(0, 1)), Input("at", max_age=DAY),
        spans="child",
    )  # fmt: skip
    secret = {"name": "secret-name", "number": "secret-number", "at": "secret-time", "secret-column": "secret"}
    ask(secret)
    ask({key: [value, value] for key, value in secret.items()}, 2)
    ask([secret])
    ask(pd.DataFrame([secret]))
    ask({"name": "secret-category", "number": 918273645.5, "at": "secret-time"})
    told = repr([span.to_json() for span in collected.spans()])
    told += repr(collected.reader.get_metrics_data()) + caplog.text
    assert "ml.input.problems" in told
    assert "ml.input.values" in told
    assert "secret" not in told
    assert "918273645" not in told


def test_a_hundred_thousand_rows_of_five_columns_take_milliseconds() -> None:
    count = 100_000
    generator = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "a": generator.random(count),
            "b": generator.integers(0, 9, count),
            "c": pd.Series(["JFK", "EWR", "LGA", "XXX"] * (count // 4)),
            "d": pd.Series(["x", "y"] * (count // 2)).astype("category"),
            "e": pd.Timestamp(HOUR_AGO),
        }
    )
    rules = (
        Input("a", range=(0, 0.9)), Input("b", categories=tuple(range(8))), Input("c", categories=("JFK", "EWR")),
        Input("d", type=TEXT), Input("e", max_age=DAY),
    )  # fmt: skip
    judges = [(rule.column, Judge(rule)) for rule in rules]

    def judged() -> float:
        started = time.perf_counter()
        for column, judge in judges:
            values = read_values(frame[column])
            assert values is not None
            judge.values(values)
        return time.perf_counter() - started

    # The best of some, and far above what it is: a loop over rows takes a hundred times as long.
    assert min(judged() for _ in range(5)) < 0.1


CONFIGURED = """\
models:
  - name: m
    inputs:
      - {column: dep_delay, range: [-60, 1500], boundaries: [0, 60, 600]}
      - {column: origin, categories: [JFK, EWR, LGA]}
      - {column: 3, type: boolean}
      - {column: scheduled, max_age: 86400}
"""


def test_the_file_says_what_is_watched(tmp_path: Path) -> None:
    file = tmp_path / "mlmon.yaml"
    file.write_text(CONFIGURED)
    loaded = load(str(file))
    assert loaded.problems == ()
    inputs = loaded.configuration.models[0].inputs
    assert inputs[0] == Input("dep_delay", range=(-60, 1500), boundaries=(0, 60, 600))
    assert [watched.expected for watched in inputs] == [NUMBER, TEXT, BOOLEAN, TIME]


MISTAKES = {
    "{range: [0, 1]}": "5:9: wrong value for models[0].inputs[1]: must say which column it is about",
    "{column: -1}": "5:9: wrong value for models[0].inputs[1]: must say which column it is about",
    "{column: a, range: [1, 0]}": "5:21: wrong value for models[0].inputs[1].range: must be two numbers",
    "{column: a, range: [.nan, 0]}": "5:21: wrong value for models[0].inputs[1].range: must be two numbers",
    "{column: a, boundaries: [1, 1]}": "5:21: wrong value for models[0].inputs[1].boundaries: must be a list of",
    "{column: a, boundaries: []}": "5:21: wrong value for models[0].inputs[1].boundaries: must be a list of",
    "{column: a, categories: []}": "5:21: wrong value for models[0].inputs[1].categories: must name one at least",
    "{column: a, categories: [DE, NO]}": "5:21: wrong value for models[0].inputs[1].categories: has texts and truth",
    "{column: a, max_age: 0}": "5:21: wrong value for models[0].inputs[1].max_age",
    "{column: a, type: numbr}": "5:21: wrong value for models[0].inputs[1].type: 'numbr' should be one of number",
    "{column: a, type: text, range: [0, 1]}": "5:9: wrong value for models[0].inputs[1]: 'type' is about texts and",
    "{column: a, type: number, max_age: 5}": "5:9: wrong value for models[0].inputs[1]: 'type' is about numbers and",
    "{column: a, type: time, categories: [b]}": "5:9: wrong value for models[0].inputs[1]: 'type' is about times and",
    "{column: a, type: number, categories: [1, b]}": "5:9: wrong value for models[0].inputs[1]: 'type' is about",
    "{column: a, range: [0, 1], max_age: 5}": "5:9: wrong value for models[0].inputs[1]: 'range' is about numbers and",
    "{column: a, boundaries: [1], type: boolean}": "5:9: wrong value for models[0].inputs[1]: 'type' is about truth",
    "{column: a, rang: [0, 1]}": "5:21: unknown key 'rang' in models[0].inputs[1]; did you mean 'range'?",
    "{column: first}": "5:9: wrong value for models[0].inputs[1]: column 'first' stands twice in this model",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_line_and_column(mistake: str, tmp_path: Path) -> None:
    file = tmp_path / "mlmon.yaml"
    file.write_text(f"models:\n  - name: m\n    inputs:\n      - {{column: first}}\n      - {mistake}\n")
    loaded = load(str(file))
    (problem,) = loaded.problems
    assert str(problem).removeprefix(f"{file}:").startswith(MISTAKES[mistake])
    assert loaded.configuration.models[0].inputs[0] == Input("first")


def test_what_is_right_is_watched_beside_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "mlmon.yaml"
    file.write_text(
        "models:\n  - inputs:\n      - {column: a, type: x}\n      - {range: [0, 1]}\n      - {}\n"
        "      - {column: b}\n      - {column: c}\n      - {column: c, type: text}\n"
    )
    loaded = load(str(file))
    assert [str(problem).removeprefix(f"{file}:").split(":")[0] for problem in loaded.problems] == ["3", "4", "5", "8"]
    assert loaded.configuration.models[0].inputs == (Input("a"), Input("b"), Input("c"))
