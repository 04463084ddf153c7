"""Where segments come from: columns of any inputs, bins, lists of values, W3C baggage, and a service's own function."""

from __future__ import annotations

import dataclasses
from collections import Counter, namedtuple
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pydantic
import pytest
from opentelemetry import baggage, context
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from sklearn.base import BaseEstimator

from otel_mlmon import safety, segment
from otel_mlmon.config.schema import Configuration, Limits, ModelRule
from otel_mlmon.config.segments import Segments
from tests.collected import Collected


class Ones(BaseEstimator):
    """Answers with as many ones as it is told."""

    def __init__(self, rows: int = 1) -> None:
        self.rows = rows

    def predict(self, _inputs: object) -> np.ndarray:
        return np.ones(self.rows)

    def __sklearn_tags__(self) -> object:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        return tags


@pytest.fixture
def by(instrument: Callable[..., Collected]) -> Callable[..., Collected]:
    """Return a function that instruments with segments."""

    def start(limits: Limits = Limits(), spans: str = "off", **segments: Any) -> Collected:  # noqa: B008  (frozen)
        return instrument(Configuration(models=(ModelRule(segments=Segments(**segments)),), limits=limits), spans=spans)

    return start


def found(collected: Collected, *keys: str, metric: str = "ml.prediction.value") -> dict[tuple[str, ...], int]:
    counts: Counter[tuple[str, ...]] = Counter()
    for point in collected.points(metric):
        counts[tuple(str(point.attributes.get(f"ml.segment.{key}", "")) for key in keys)] += point.count
    return dict(counts)


# Inputs of every form

ORIGIN = ["JFK", "EWR", None, "JFK", "LGA", "SFO", "JFK"]
AGE = [17, 18, None, 42.5, 50, 99, 18]
EXPECTED = {
    ("JFK", "<18"): 1,
    ("EWR", "18-30"): 1,
    ("missing", "missing"): 1,
    ("JFK", "30-50"): 1,
    ("LGA", ">=50"): 1,
    ("other", ">=50"): 1,
    ("JFK", "18-30"): 1,
}
SEGMENTS = {"columns": ("origin", "age"), "bins": {"age": (18, 30, 50)}, "values": {"origin": ("JFK", "LGA", "EWR")}}


@dataclasses.dataclass
class Columns:
    origin: Any
    age: Any


class Passenger(pydantic.BaseModel):
    origin: str | None
    age: float | None


Row = namedtuple("Row", ["origin", "age"])


def frame(origin: list[Any], age: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"origin": origin, "age": age})


def polars(origin: list[Any], age: list[Any], kind: Any) -> pl.DataFrame:
    return pl.DataFrame({"origin": pl.Series(origin, dtype=kind), "age": pl.Series(age, dtype=pl.Float64)})


TABLES: dict[str, Callable[[list[Any], list[Any]], object]] = {
    "pandas": frame,
    "pandas, objects": lambda origin, age: frame(origin, age).astype(object),
    "pandas, nullable": lambda origin, age: frame(origin, age).astype({"origin": "string", "age": "Float64"}),
    "pandas, categories": lambda origin, age: frame(origin, age).astype({"origin": "category"}),
    "pandas, Arrow": lambda origin, age: pa.table({"origin": pa.array(origin, pa.string()), "age": age}).to_pandas(
        types_mapper=pd.ArrowDtype
    ),
    "polars": lambda origin, age: polars(origin, age, pl.String),
    "polars, categories": lambda origin, age: polars(origin, age, pl.Categorical),
    "Arrow table": lambda origin, age: pa.table(
        {"origin": pa.array(origin, pa.string()), "age": pa.array(age, float64)}
    ),
    "Arrow batch": lambda origin, age: pa.record_batch(
        {"origin": pa.array(origin, pa.string()), "age": pa.array(age, float64)}
    ),
    "mapping of lists": lambda origin, age: {"origin": origin, "age": age},
    "mapping of arrays": lambda origin, age: {"origin": np.array(origin, object), "age": np.array(age, float)},
    "mapping of series": lambda origin, age: {
        "origin": pd.Series(origin, dtype=object),
        "age": pl.Series(age, dtype=pl.Float64),
    },
    "dataclass of lists": Columns,
    "list of mappings": lambda origin, age: [{"origin": o, "age": a} for o, a in zip(origin, age, strict=True)],
    "list of pydantic models": lambda origin, age: [
        Passenger(origin=o, age=a) for o, a in zip(origin, age, strict=True)
    ],
    "list of dataclasses": lambda origin, age: [Columns(o, a) for o, a in zip(origin, age, strict=True)],
    "list of named tuples": lambda origin, age: [Row(o, a) for o, a in zip(origin, age, strict=True)],
    "structured array": lambda origin, age: np.array(
        list(zip(origin, np.array(age, float), strict=True)), dtype=[("origin", object), ("age", float)]
    ),
}
float64 = pa.float64()
ROWS: dict[str, Callable[[Any, Any], object]] = {
    "mapping of scalars": lambda origin, age: {"origin": origin, "age": age},
    "mapping of numpy scalars": lambda origin, age: {
        "origin": None if origin is None else np.str_(origin),
        "age": None if age is None else np.float32(age),
    },
    "pydantic model": lambda origin, age: Passenger(origin=origin, age=age),
    "dataclass": Columns,
    "named tuple": Row,
}


@pytest.mark.parametrize("form", TABLES)
def test_columns_bins_and_lists_cut_a_batch_of_any_form(form: str, by: Callable[..., Collected]) -> None:
    collected = by(**SEGMENTS)
    Ones(len(ORIGIN)).predict(TABLES[form](ORIGIN, AGE))
    assert found(collected, "origin", "age") == EXPECTED
    assert collected.points("ml.monitor.dropped") == []


@pytest.mark.parametrize("form", [*TABLES, *ROWS])
def test_rows_one_by_one_are_cut_as_a_batch_is(form: str, by: Callable[..., Collected]) -> None:
    collected = by(**SEGMENTS)
    # Three times: the first call of a segment is observed, and the others wait.
    for origin, age in [*zip(ORIGIN, AGE, strict=True)] * 3:
        Ones().predict(ROWS[form](origin, age) if form in ROWS else TABLES[form]([origin], [age]))
    assert found(collected, "origin", "age") == {pair: 3 * count for pair, count in EXPECTED.items()}
    assert collected.points("ml.monitor.dropped") == []


@pytest.mark.parametrize("rows", [1, len(ORIGIN)])
@pytest.mark.parametrize("form", ["matrix of objects", "list of lists"])
def test_indices_count_columns_of_what_has_no_names(rows: int, form: str, by: Callable[..., Collected]) -> None:
    collected = by(columns=(0, 1), bins={1: (18, 30, 50)}, values={0: ("JFK", "LGA", "EWR")})
    table = [list(row) for row in zip(ORIGIN, AGE, strict=True)]
    for start in range(0, len(table), rows):
        part = table[start : start + rows]
        Ones(rows).predict(part if form == "list of lists" else np.array(part, dtype=object))
    assert found(collected, "0", "1") == EXPECTED


@pytest.mark.parametrize("rows", [1, 5])
def test_one_value_for_a_whole_call_is_that_of_each_row(rows: int, by: Callable[..., Collected]) -> None:
    collected = by(**SEGMENTS)
    for age in (42.5, np.int64(42)):
        Ones(rows).predict({"origin": "JFK", "age": age})
    assert found(collected, "origin", "age") == {("JFK", "30-50"): 2 * rows}


# Bins


@pytest.mark.parametrize("one_by_one", [False, True])
def test_numbers_of_any_kind_are_in_the_bin_that_holds_them(one_by_one: bool, by: Callable[..., Collected]) -> None:
    collected = by(bins={"x": (-0.5, 0, 1e6)})
    values = [-1, "-0.5", 0, True, 999_999, 1e6, np.inf, -np.inf, np.nan, "text", None, 1j, 10**400]
    if one_by_one:
        for value in values:
            Ones().predict({"x": [value]})
    else:
        Ones(len(values)).predict({"x": values})
    expected = {"<-0.5": 2, "-0.5-0": 1, "0-1000000": 3, ">=1000000": 2, "missing": 5}
    assert found(collected, "x") == {(name,): count for name, count in expected.items()}


def test_bins_are_neither_bounded_by_nor_counted_in_max_values(by: Callable[..., Collected]) -> None:
    collected = by(columns=("kind",), bins={"x": tuple(range(50))}, max_values=1)
    Ones(60).predict(pd.DataFrame({"kind": "a", "x": np.arange(60) - 0.5}))
    assert len(found(collected, "kind", "x")) == 51
    assert collected.points("ml.monitor.dropped") == []


def test_a_column_that_is_only_cut_at_edges_comes_after_the_others(by: Callable[..., Collected]) -> None:
    collected = by(Limits(combinations=1), columns=("origin",), bins={"x": (0,)})
    Ones(3).predict(pd.DataFrame({"origin": ["JFK", "JFK", "EWR"], "x": [-1, 1, 1]}))
    assert found(collected, "origin", "x") == {("JFK", "<0"): 1, ("JFK", "other"): 1, ("EWR", "other"): 1}


# Lists of values


def test_exactly_the_listed_values_are_kept_whatever_comes_first(by: Callable[..., Collected]) -> None:
    collected = by(columns=("tier",), values={"tier": (3, "gold", "true")}, max_values=1)
    values = [*range(1000), 3.0, "gold", "true", None]
    Ones(len(values)).predict({"tier": values})
    assert found(collected, "tier") == {("3",): 2, ("gold",): 1, ("true",): 1, ("missing",): 1, ("other",): 999}
    assert collected.points("ml.monitor.dropped") == []


def test_values_of_code_can_be_listed(by: Callable[..., Collected]) -> None:
    collected = by(code=("country",), values={"country": ("DE", "FR")})
    for country in ("DE", "FR", "IT", "ES") * 3:
        with segment(country=country, client="ios"):
            Ones().predict([[1.0]])
    for metric in ("ml.prediction.value", "ml.prediction.duration"):
        assert found(collected, "country", "client", metric=metric) == {
            ("DE", "ios"): 3,
            ("FR", "ios"): 3,
            ("other", "ios"): 6,
        }
    assert collected.points("ml.monitor.dropped") == []


# W3C baggage


@contextmanager
def carrying(header: str) -> Iterator[None]:
    """Be within a request that has a header ``baggage``."""
    token = context.attach(W3CBaggagePropagator().extract({"baggage": header}))
    try:
        yield
    finally:
        context.detach(token)


@pytest.mark.parametrize("spans", ["off", "child"])
def test_only_listed_baggage_becomes_segments_of_calls_and_rows(spans: str, by: Callable[..., Collected]) -> None:
    collected = by(spans=spans, baggage=("client.os", "tenant"))
    for system in ("ios", "android", "ios") * 5:
        with carrying(f"client.os={system},user.id=4711"):
            Ones().predict([[1.0]])
    Ones().predict([[1.0]])
    for metric in ("ml.prediction.value", "ml.prediction.duration", "ml.prediction.batch.size"):
        assert found(collected, "client.os", metric=metric) == {("ios",): 10, ("android",): 5, ("",): 1}
        for point in collected.points(metric):
            assert not {"ml.segment.user.id", "ml.segment.tenant"} & point.attributes.keys()


def test_baggage_that_nobody_lists_leaves_no_trace(by: Callable[..., Collected]) -> None:
    collected = by()
    with carrying("client.os=ios"):
        Ones().predict([[1.0]])
    assert found(collected, "client.os") == {("",): 1}


def test_code_beats_baggage_and_a_column_beats_both(by: Callable[..., Collected]) -> None:
    collected = by(columns=("origin",), baggage=("client.os", "origin"))
    with carrying("client.os=ios,origin=baggage"), segment(**{"client.os": "code"}):
        for _ in range(3):
            Ones(2).predict(pd.DataFrame({"origin": ["JFK", "EWR"]}))
            Ones().predict(pd.DataFrame({"origin": ["JFK"]}))
    assert found(collected, "origin", "client.os") == {("JFK", "code"): 6, ("EWR", "code"): 3}


def test_baggage_of_failures_is_told(by: Callable[..., Collected]) -> None:
    class Failing(Ones):
        def predict(self, _inputs: object) -> np.ndarray:
            raise KeyError

    collected = by(baggage=("client.os",))
    with carrying("client.os=ios"), pytest.raises(KeyError):
        Failing().predict(None)
    assert found(collected, "client.os", metric="ml.prediction.duration") == {("ios",): 1}


def test_baggage_is_decoded_cut_and_bounded(by: Callable[..., Collected]) -> None:
    collected = by(baggage=("city",), max_values=2)
    for city in ("M%C3%BCnchen", "a" * 300, "b", "c"):
        with carrying(f"city={city}"):
            Ones().predict([[1.0]])
    assert found(collected, "city") == {("München",): 1, ("a" * 256,): 1, ("other",): 2}
    assert collected.count("ml.monitor.dropped", ml_monitor_reason="segment_overflow") == 2


def test_each_thread_has_the_baggage_of_its_own_context(by: Callable[..., Collected]) -> None:
    collected = by(baggage=("client.os",))

    def call(system: str) -> None:
        token = context.attach(baggage.set_baggage("client.os", system))
        for _ in range(200):
            Ones().predict([[1.0]])
        context.detach(token)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda system: copy_context().run(call, system), ["a", "b", "c", "d"]))
    assert found(collected, "client.os") == {(system,): 200 for system in "abcd"}


# A function of the service


def shop(inputs: Any) -> Mapping[str, Any]:
    return {"basket": np.where(np.asarray(inputs["total"]) > 100, "big", "small"), "channel": "web", 7: [None] * 2}


class Told:
    """What the function at ``answer`` returns, or raises, and how often it was asked."""

    answer: Any = {}
    asked = 0


def tell(_inputs: Any) -> Any:
    Told.asked += 1
    if isinstance(Told.answer, Exception):
        raise Told.answer
    return Told.answer


@pytest.fixture
def told() -> type[Told]:
    Told.answer, Told.asked = {}, 0
    return Told


def test_a_function_tells_segments_for_a_call_and_for_each_row(by: Callable[..., Collected]) -> None:
    collected = by(columns=("origin",), call=f"{__name__}:shop")
    for _ in range(3):
        Ones(2).predict({"origin": ["JFK", "EWR"], "total": [200, 5]})
    assert found(collected, "origin", "basket", "channel", "7") == {
        ("JFK", "big", "web", "missing"): 3,
        ("EWR", "small", "web", "missing"): 3,
    }
    assert "ml.segment.basket" not in collected.points("ml.prediction.duration")[0].attributes


@pytest.mark.parametrize("sequence", [list, tuple, np.array, pd.Series, pl.Series, pa.array])
def test_values_of_rows_may_be_any_sequence(
    sequence: Callable[[list[Any]], object], by: Callable[..., Collected], told: type[Told]
) -> None:
    collected = by(call=f"{__name__}:tell")
    told.answer = {"key": sequence(["a", None])}
    Ones(2).predict(None)
    assert found(collected, "key") == {("a",): 1, ("missing",): 1}


def test_a_function_is_asked_once_a_call(by: Callable[..., Collected], told: type[Told]) -> None:
    collected = by(call=f"{__name__}:tell")
    told.answer = {"key": "a"}
    for _ in range(50):
        Ones().predict([[1.0]])
    assert told.asked == 50
    assert found(collected, "key") == {("a",): 50}


def test_told_values_can_be_listed_and_columns_beat_them(by: Callable[..., Collected], told: type[Told]) -> None:
    collected = by(columns=("origin",), call=f"{__name__}:tell", values={"key": ("a",)})
    for key in "abc":
        told.answer = {"origin": "function", "key": key}
        Ones().predict({"origin": "JFK"})
    assert found(collected, "origin", "key") == {("JFK", "a"): 1, ("JFK", "other"): 2}
    assert collected.points("ml.monitor.dropped") == []


WRONG = {
    "an exception": ZeroDivisionError("secret"),
    "no mapping": ["a"],
    "too few values": {"key": ["a"]},
    "a set": {"key": {"a", "b"}},
    "a mapping": {"key": {"a": 1, "b": 2}},
    "a generator": {"key": (letter for letter in "ab")},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_function_gets_wrong_is_counted_and_missing(
    name: str, by: Callable[..., Collected], told: type[Told]
) -> None:
    collected = by(columns=("origin",), call=f"{__name__}:tell")
    inputs = {"origin": ["JFK", "EWR"]}
    told.answer = {"key": ["a", "b"]}
    Ones(2).predict(inputs)
    safety.set_strict(False)
    told.answer = WRONG[name]
    for _ in range(3):
        assert Ones(2).predict(inputs).tolist() == [1.0, 1.0]
    assert found(collected, "origin", "key") == {
        ("JFK", "a"): 1,
        ("EWR", "b"): 1,
        ("JFK", "missing"): 3,
        ("EWR", "missing"): 3,
    }
    assert collected.count("ml.monitor.errors", ml_monitor_stage="segments") == 3


def test_a_function_that_is_not_there_is_counted_and_listed_keys_are_missing(by: Callable[..., Collected]) -> None:
    safety.set_strict(False)
    collected = by(call="no.such:function", values={"key": ("a",)})
    for _ in range(3):
        Ones().predict(None)
    assert found(collected, "key") == {("missing",): 3}
    assert collected.count("ml.monitor.errors", ml_monitor_stage="segments", error_type="ModuleNotFoundError") == 3


def test_a_function_that_never_told_anything_leaves_predictions_as_they_are(by: Callable[..., Collected]) -> None:
    safety.set_strict(False)
    collected = by(call="no.such:function")
    with segment(country="DE"):
        Ones(2).predict(None)
    assert found(collected, "country") == {("DE",): 2}
