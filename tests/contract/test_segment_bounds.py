"""Whatever arrives, in whatever order, in however many processes: totals are exact, and attribute sets bounded."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier
from typing import Any

import numpy as np
from attrs import field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import baggage, context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_mlmon
from otel_mlmon.cli.check.series import segment_sets, series_bound
from otel_mlmon.config.schema import Configuration, Limits, ModelRule
from otel_mlmon.config.segments import Segments
from otel_mlmon.instrumentor import ModelInstrumentor
from otel_mlmon.observe.labels import label_text
from tests.collected import Collected, Point

Attributes = frozenset[tuple[str, str]]


@frozen(eq=False)
class Asked:
    """A call of a model.

    Attributes
    ----------
    rows
        The inputs, a value a column.
    said
        By code, in this order.
    carried
        By the request.
    """

    rows: Sequence[Mapping[str, Any]]
    said: Mapping[str, Any] = field(factory=dict)
    carried: Mapping[str, str] = field(factory=dict)


@otel_mlmon.monitor(name="m")
def answer(inputs: Sequence[Mapping[str, Any]]) -> np.ndarray:
    return np.array([row["score"] for row in inputs], dtype=float)


def ask(asked: Asked) -> None:
    carrying = context.get_current()
    for key, value in asked.carried.items():
        carrying = baggage.set_baggage(key, value, carrying)
    token = context.attach(carrying)
    with ExitStack() as stack:
        for key, value in asked.said.items():
            stack.enter_context(otel_mlmon.segment(**{key: value}))
        answer(asked.rows)
    context.detach(token)


@contextmanager
def replica(configuration: Configuration) -> Iterator[Collected]:
    """Be a process of its own, as far as what is measured goes."""
    reader = InMemoryMetricReader()
    instrumentor = ModelInstrumentor()
    instrumentor.instrument(config=configuration, meter_provider=MeterProvider([reader]), spans="off")
    try:
        yield Collected(reader, InMemorySpanExporter())
    finally:
        instrumentor.uninstrument()


def arrive(configuration: Configuration, calls: Iterable[Asked]) -> dict[str, list[Point]]:
    """Return what a process reports of calls."""
    with replica(configuration) as collected:
        for asked in calls:
            ask(asked)
        metrics = ("ml.prediction.value", "ml.prediction.duration", "ml.prediction.batch.size", "ml.monitor.dropped")
        return {metric: collected.points(metric) for metric in metrics}


def attributes_of(points: Iterable[Point]) -> set[Attributes]:
    return {frozenset(point.attributes.items()) for point in points}


def merged(points: Iterable[Point]) -> dict[Attributes, tuple[int, float]]:
    """Add points of equal attributes, as a back end does."""
    found: dict[Attributes, tuple[int, float]] = {}
    for point in points:
        key = frozenset(point.attributes.items())
        count, total = found.get(key, (0, 0.0))
        found[key] = (count + point.count, total + point.sum)
    return found


def by_first_key(points: Iterable[Point]) -> dict[str, tuple[int, float]]:
    found: dict[str, tuple[int, float]] = {}
    for point in points:
        value = point.attributes["ml.segment.origin"]
        count, total = found.get(value, (0, 0.0))
        found[value] = (count + point.count, total + point.sum)
    return found


def expected_by_first_key(calls: Iterable[Asked], listed: Sequence[str]) -> dict[str, tuple[int, float]]:
    counts: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for asked in calls:
        for row in asked.rows:
            value = label_text(row["origin"])
            value = value if value in {*listed, "missing"} else "other"
            counts[value] += 1
            totals[value] += row["score"]
    return {value: (count, float(totals[value])) for value, count in counts.items()}


LISTED = ("JFK", "ü", "3", "other")
anything = (
    st.sampled_from(["JFK", "ü", 3, 3.0, "other", "missing", "", None, True])
    | st.text(max_size=3)
    | st.integers(-5, 40)
    | st.floats()
)
rows = st.fixed_dictionaries(
    {"origin": anything, "carrier": anything, "age": anything, "score": st.integers(-1000, 1000)}
)
calls = st.lists(
    st.builds(
        Asked,
        st.lists(rows, min_size=1, max_size=6),
        st.permutations(["client", "beta", "origin", "undeclared"])
        .flatmap(lambda keys: st.integers(0, 4).map(lambda count: keys[:count]))
        .flatmap(lambda keys: st.fixed_dictionaries(dict.fromkeys(keys, anything))),
        st.dictionaries(st.sampled_from(["client.os", "client", "user.id"]), st.text(min_size=1, max_size=2)),
    ),
    max_size=25,
)
configurations = st.builds(
    lambda max_values, combinations, open_keys: Configuration(
        models=(
            ModelRule(
                segments=Segments(
                    columns=("origin", "carrier"),
                    bins={"age": (0, 18)},
                    baggage=("client.os",),
                    code=("client", "beta"),
                    values={"origin": LISTED, **({} if open_keys else {"carrier": ("a", "b"), "client": ("ios",)})},
                    max_values=max_values,
                )
            ),
        ),
        limits=Limits(combinations=combinations),
    ),
    st.integers(1, 5),
    st.integers(1, 40),
    st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(configuration=configurations, calls=calls, seed=st.integers(0, 100))
def test_any_calls_in_any_order_over_replicas_are_exact_and_bounded(
    configuration: Configuration, calls: list[Asked], seed: int
) -> None:
    rule, limits = configuration.models[0], configuration.limits
    one_by_one = [Asked([row], asked.said, asked.carried) for asked in calls for row in asked.rows]
    shuffled = random.Random(seed).sample(one_by_one, len(one_by_one))
    replicas = [arrive(configuration, order) for order in (calls, shuffled, reversed(calls))]

    # One key more than is declared: whether it is there is no part of the bound of what is declared.
    first = len(LISTED) + 2
    for found in replicas:
        assert len(attributes_of(found["ml.prediction.value"])) <= limits.combinations + first + 2
        assert len(attributes_of(found["ml.prediction.duration"])) <= limits.combinations + rule.segments.max_values + 4
    values = [point for found in replicas for point in found["ml.prediction.value"]]
    assert len(merged(values)) <= 3 * (limits.combinations + first + 2)
    count = sum(len(asked.rows) for asked in calls)
    total = sum(row["score"] for asked in calls for row in asked.rows)
    assert sum(count for count, _ in merged(values).values()) == 3 * count
    assert sum(total for _, total in merged(values).values()) == 3 * total
    expected = expected_by_first_key(calls, LISTED)
    assert by_first_key(values) == {value: (3 * n, 3 * total) for value, (n, total) in expected.items()}
    for found in replicas:
        assert by_first_key(found["ml.prediction.value"]) == expected


declared = calls.map(
    lambda calls: [
        Asked(asked.rows, {key: value for key, value in asked.said.items() if key != "undeclared"}, asked.carried)
        for asked in calls
    ]
)


@settings(max_examples=25, deadline=None)
@given(configuration=configurations, calls=declared)
def test_the_bound_that_check_prints_holds(configuration: Configuration, calls: list[Asked]) -> None:
    rule, limits = configuration.models[0], configuration.limits
    bounds = {bound.metric: bound.attribute_sets for bound in series_bound(rule, limits)}
    of_calls, of_rows = segment_sets(rule.segments, limits)
    found = arrive(configuration, calls)
    assert len(attributes_of(found["ml.prediction.value"])) <= min(of_rows, bounds["ml.prediction.value"])
    assert len(attributes_of(found["ml.prediction.batch.size"])) <= min(of_calls, bounds["ml.prediction.batch.size"])
    assert len(attributes_of(found["ml.prediction.duration"])) <= bounds["ml.prediction.duration"]


@settings(max_examples=25, deadline=None)
@given(calls=declared, seed=st.integers(0, 100))
def test_listed_values_are_the_same_in_every_replica_and_never_dropped(calls: list[Asked], seed: int) -> None:
    segments = Segments(
        columns=("origin", "carrier"),
        bins={"age": (0, 18)},
        values={"origin": LISTED, "carrier": ("a", "b", "c"), "client": ("ios",)},
        code=("client",),
    )
    # Code may set a key that nobody lists: it is left out here.
    calls = [Asked(asked.rows, {k: v for k, v in asked.said.items() if k in {"client", "origin"}}) for asked in calls]
    limits = Limits(combinations=1000)
    configuration = Configuration(models=(ModelRule(segments=segments),), limits=limits)
    shuffled = random.Random(seed).sample(calls, len(calls))
    replicas = [arrive(configuration, order) for order in (calls, shuffled)]
    one, other = (merged(found["ml.prediction.value"]) for found in replicas)
    assert one == other
    together = attributes_of(point for found in replicas for point in found["ml.prediction.value"])
    assert len(together) <= segment_sets(segments, limits)[1] == 6 * 5 * 4 * 4
    assert [found["ml.monitor.dropped"] for found in replicas] == [[], []]


def test_values_without_end_are_bounded_and_what_was_folded_is_counted_to_the_row() -> None:
    segments = Segments(columns=("origin", "carrier"), values={"origin": LISTED}, max_values=10)
    configuration = Configuration(models=(ModelRule(segments=segments),), limits=Limits(combinations=20))
    numbers = random.Random(7)
    calls = [
        Asked([{"origin": numbers.choice(LISTED), "carrier": numbers.randrange(3000), "score": 1} for _ in range(size)])
        for size in [1] * 2000 + [500] * 6
    ]
    found = arrive(configuration, calls)
    points = found["ml.prediction.value"]
    assert by_first_key(points) == expected_by_first_key(calls, LISTED)
    assert len(points) <= segment_sets(segments, configuration.limits)[1] == 20 + 6 + 2
    (dropped,) = found["ml.monitor.dropped"]
    assert dropped.attributes["ml.monitor.reason"] == "segment_overflow"
    assert dropped.count == sum(point.count for point in points if point.attributes["ml.segment.carrier"] == "other")


def test_whichever_keys_calls_happen_to_have_what_is_folded_stays_few() -> None:
    numbers = random.Random(7)
    keys = [f"key{number}" for number in range(8)]
    calls = [
        Asked([{"score": 1}], {key: numbers.choice("ab") for key in numbers.sample(keys, numbers.randrange(9))})
        for _ in range(3000)
    ]
    limits = Limits(combinations=10)
    found = arrive(Configuration(limits=limits), calls)
    for metric in ("ml.prediction.value", "ml.prediction.duration"):
        assert sum(point.count for point in found[metric]) == len(calls)
        assert len(attributes_of(found[metric])) <= limits.combinations + 2 + 2


def test_threads_that_bring_new_values_at_once_stay_within_the_bound() -> None:
    segments = Segments(columns=("origin",), code=("client",), max_values=30)
    configuration = Configuration(models=(ModelRule(segments=segments),), limits=Limits(combinations=40))
    threads, each = 8, 300
    started = Barrier(threads)

    def bring(thread: int) -> None:
        started.wait()
        for number in range(each):
            ask(Asked([{"origin": f"{thread}.{number}", "score": 1}], {"client": number % 50}))

    with replica(configuration) as collected:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(bring, range(threads)))
        points = collected.points("ml.prediction.value")
        assert sum(point.count for point in points) == threads * each
        assert len({point.attributes["ml.segment.origin"] for point in points}) <= 30 + 1
        assert len(points) <= segment_sets(segments, configuration.limits)[1] == 40 + 32 + 2
        assert collected.count("ml.prediction.duration") == threads * each
