"""The buffered path gives the data points that the public calls give, whatever is recorded, viewed and read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import (
    AlwaysOffExemplarFilter,
    AlwaysOnExemplarFilter,
    Counter,
    ExemplarFilter,
    Histogram,
    MeterProvider,
    TraceBasedExemplarFilter,
)
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import (
    DropAggregation,
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    LastValueAggregation,
    SumAggregation,
    View,
)
from opentelemetry.sdk.trace import TracerProvider

from otel_mlmon import semconv
from otel_mlmon.config.buckets import NUMBER
from otel_mlmon.emit import sdk
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.observe.recording import record_numbers

VALUE, COUNT = semconv.PREDICTION_VALUE, semconv.PREDICTIONS

VIEWS: dict[str, Callable[[], Sequence[View]]] = {
    "none": list,
    "renamed": lambda: [View(instrument_name=VALUE, name="scores", description="renamed")],
    "attributes dropped": lambda: [View(instrument_name="*", attribute_keys={"model"})],
    "all attributes dropped": lambda: [View(instrument_name="*", attribute_keys=set())],
    "other boundaries": lambda: [
        View(instrument_name=VALUE, aggregation=ExplicitBucketHistogramAggregation([0.0, 1.0, 10.0]))
    ],
    "no least and most": lambda: [
        View(instrument_name=VALUE, aggregation=ExplicitBucketHistogramAggregation([0.0], record_min_max=False))
    ],
    "exponential": lambda: [View(instrument_name=VALUE, aggregation=ExponentialBucketHistogramAggregation())],
    "exponential, few buckets": lambda: [
        View(instrument_name=VALUE, aggregation=ExponentialBucketHistogramAggregation(max_size=64))
    ],
    "dropped": lambda: [View(instrument_name=VALUE, aggregation=DropAggregation())],
    "sum only": lambda: [View(instrument_name=VALUE, aggregation=SumAggregation())],
    "last value": lambda: [View(instrument_name=VALUE, aggregation=LastValueAggregation())],
    "two views": lambda: [
        View(instrument_name=VALUE, name="first", aggregation=ExplicitBucketHistogramAggregation([0.5])),
        View(instrument_name=VALUE, name="second", attribute_keys={"segment"}),
    ],
    "counter as a histogram": lambda: [
        View(instrument_name=COUNT, aggregation=ExplicitBucketHistogramAggregation([1.0, 100.0]))
    ],
}

DELTA = {Histogram: AggregationTemporality.DELTA, Counter: AggregationTemporality.DELTA}


@frozen
class Batch:
    """Values of one data point, recorded one by one or at once, and whether the readers read after it."""

    model: str
    segment: str
    values: tuple[float, ...]
    at_once: bool
    then_read: bool


# No smaller ones: the SDK fails where an exponential histogram is read while it has zeros only, and then spans a lot.
numbers = st.floats(min_value=1e-6, max_value=1e9, allow_nan=False) | st.sampled_from([0.0, 0.5, 1.0, 10.0])
batches = st.lists(
    st.builds(
        Batch,
        model=st.sampled_from(["a", "b"]),
        segment=st.sampled_from(["x", "y", "z"]),
        values=st.lists(numbers, max_size=100).map(tuple),
        at_once=st.booleans(),
        then_read=st.booleans(),
    ),
    max_size=8,
)


class Side:
    """One SDK with a cumulative and a delta reader."""

    def __init__(self, views: Sequence[View], exemplars: ExemplarFilter | None = None) -> None:
        self.readers = [InMemoryMetricReader(), InMemoryMetricReader(preferred_temporality=DELTA)]
        self.provider = MeterProvider(
            self.readers, views=views, exemplar_filter=exemplars or AlwaysOffExemplarFilter(), shutdown_on_exit=False
        )

    def read(self) -> list[object]:
        return [_comparable(reader.get_metrics_data()) for reader in self.readers]


def _comparable(data: object) -> list[tuple[object, ...]]:
    found = []
    for resource in getattr(data, "resource_metrics", ()):
        for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
            if metric.name == semconv.MODEL_INFO:
                continue
            for point in metric.data.data_points:
                exact = {
                    name: getattr(point, name)
                    for name in ("count", "bucket_counts", "explicit_bounds", "min", "max", "scale", "zero_count")
                    if hasattr(point, name)
                }
                for sign in ("positive", "negative"):
                    if hasattr(point, sign):
                        # How many empty buckets follow the last one depends on the order of the values.
                        filled = np.trim_zeros(getattr(point, sign).bucket_counts, "b")
                        exact[sign] = (getattr(point, sign).offset if len(filled) else 0, tuple(filled))
                summed = getattr(point, "sum", None)
                summed = getattr(point, "value", None) if summed is None else summed
                key = (metric.name, metric.description, metric.unit, type(metric.data).__name__)
                attributes = tuple(sorted(dict(point.attributes).items()))
                found.append((*key, attributes, tuple(exact.items()), type(summed), pytest.approx(summed, rel=1e-9)))
    return sorted(found, key=lambda entry: repr(entry[:5]))


def _record_public(side: Side, workload: Sequence[Batch]) -> list[object]:
    meter = side.provider.get_meter(semconv.SCOPE)
    histogram = meter.create_histogram(
        VALUE, "1", "Scores and regressions that the model answered, one a row.",
        explicit_bucket_boundaries_advisory=NUMBER.boundaries,
    )  # fmt: skip
    counter = meter.create_counter(COUNT, "{prediction}", "Rows answered, by predicted class.")
    reads = []
    for batch in workload:
        attributes = {"model": batch.model, "segment": batch.segment}
        for value in batch.values:
            histogram.record(value, attributes)
        counter.add(len(batch.values), attributes)
        if batch.then_read:
            reads.append(side.read())
    return [*reads, side.read()]


def _record_buffered(side: Side, workload: Sequence[Batch]) -> list[object]:
    telemetry = Telemetry(list, side.provider)
    assert telemetry.connect()
    reads = []
    for batch in workload:
        attributes = (("model", batch.model), ("segment", batch.segment))
        recorder = telemetry.histogram(VALUE, NUMBER, attributes, batch.model)
        if batch.at_once:
            record_numbers(np.array(batch.values, dtype=np.float64), recorder)
        else:
            for value in batch.values:
                recorder.record(value)
        telemetry.counter(COUNT, attributes, batch.model).record(len(batch.values))
        if batch.then_read:
            reads.append(side.read())
    return [*reads, side.read()]


@pytest.mark.parametrize("views", VIEWS)
@settings(deadline=None, max_examples=30)
@given(workload=batches)
def test_buffered_and_public_recording_export_the_same_points(views: str, workload: Sequence[Batch]) -> None:
    public = _record_public(Side(VIEWS[views]()), workload)
    buffered = _record_buffered(Side(VIEWS[views]()), workload)
    assert buffered == public


@pytest.mark.parametrize("exemplars", [AlwaysOffExemplarFilter, TraceBasedExemplarFilter, AlwaysOnExemplarFilter])
@settings(deadline=None, max_examples=20)
@given(workload=batches)
def test_no_exemplar_filter_changes_a_point(exemplars: Callable[[], ExemplarFilter], workload: Sequence[Batch]) -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("sampled"):
        public = _record_public(Side([], exemplars()), workload)
        buffered = _record_buffered(Side([], exemplars()), workload)
    assert buffered == public


@pytest.mark.parametrize("views", VIEWS)
@settings(deadline=None, max_examples=30)
@given(values=st.lists(numbers.flatmap(lambda number: st.sampled_from([number, -number])), max_size=200).map(tuple))
def test_negative_numbers_count_one_by_one_as_at_once(views: str, values: tuple[float, ...]) -> None:
    def recorded(at_once: bool) -> list[object]:
        return _record_buffered(Side(VIEWS[views]()), [Batch("a", "x", values, at_once, then_read=False)])

    assert recorded(at_once=True) == recorded(at_once=False)


def test_the_installed_sdk_is_supported() -> None:
    assert sdk.supported()


def test_an_unknown_sdk_is_not_supported_and_gets_public_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a future SDK may do: keep its aggregations elsewhere.
    from opentelemetry.sdk.metrics._internal import _view_instrument_match as module

    original = module._ViewInstrumentMatch.__init__

    def elsewhere(self: object, *args: object, **kwargs: object) -> None:
        original(self, *args, **kwargs)
        self.points = self._lock  # type: ignore[attr-defined]
        del self._lock  # type: ignore[attr-defined]

    with monkeypatch.context() as changed:
        changed.setattr(module._ViewInstrumentMatch, "__init__", elsewhere)
        assert not sdk.supported()
        side = Side([])
        telemetry = Telemetry(list, side.provider)
        assert telemetry.connect()
    recorder = telemetry.histogram(VALUE, NUMBER, (("model", "a"),), "a")
    recorder.record(2.0)
    record_numbers(np.array([3.0, -1.0, np.nan, np.inf]), recorder)
    data = side.readers[0].get_metrics_data()
    assert data is not None
    points = {
        (metric.name, dict(point.attributes).get(semconv.MONITOR_REASON)): point
        for scope in data.resource_metrics[0].scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    }
    assert points[VALUE, None].sum == 5.0
    for reason in ("negative", "nan", "infinite"):
        assert points[semconv.MONITOR_DROPPED, reason].value == 1


def test_a_cardinality_limit_folds_the_same_points() -> None:
    limited = [View(instrument_name=VALUE)]
    try:
        limited = [View(instrument_name=VALUE, aggregation_cardinality_limit=2)]
    except TypeError:
        limited = []  # this SDK has no such limit: both sides keep every point
    workload = [Batch("a", segment, (1.0, 2.0), at_once, False) for at_once in (True, False) for segment in "xyzuv"]
    assert _record_buffered(Side(limited), workload) == _record_public(Side(limited), workload)
