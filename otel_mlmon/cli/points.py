"""Data points out of an OTLP export request, as frozen records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from attrs import field, frozen
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2

SERVICE_INSTANCE_ID = "service.instance.id"

Attributes: TypeAlias = frozenset[tuple[str, str]]


@frozen
class Series:
    """What tells one stream of points from another."""

    instance: str
    """``service.instance.id``: the process; empty when it has none."""
    scope: str
    metric: str
    attributes: Attributes

    def attribute(self, name: str) -> str | None:
        """Return the attribute's value as text, or None where the series does not have it."""
        return next((value for key, value in self.attributes if key == name), None)


@frozen
class NumberPoint:
    """A point of a counter or a gauge."""

    series: Series
    time_unix_nano: int
    value: float


@frozen
class HistogramPoint:
    """A point of a histogram with explicit bounds; ``counts[i]`` holds values in ``(bounds[i-1], bounds[i]]``."""

    series: Series
    time_unix_nano: int
    sum: float
    bounds: tuple[float, ...]
    counts: tuple[int, ...] = field()

    @counts.validator
    def _one_more_than_bounds(self, _: object, counts: tuple[int, ...]) -> None:
        if len(counts) != len(self.bounds) + 1:
            message = f"{self.series.metric}: {len(counts)} buckets for {len(self.bounds)} bounds"
            raise ValueError(message)


Point: TypeAlias = NumberPoint | HistogramPoint


@frozen
class Rejected:
    """A point that cannot be used, and why."""

    reason: str


def decode(request: ExportMetricsServiceRequest) -> Iterator[Point | Rejected]:
    """Yield every point of the request: cumulative counters and explicit histograms, and gauges."""
    for resource in request.resource_metrics:
        instance = dict(_attributes(resource.resource.attributes)).get(SERVICE_INSTANCE_ID, "")
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                yield from _points(instance, scope.scope.name, metric)


def _points(instance: str, scope: str, metric: metrics_pb2.Metric) -> Iterator[Point | Rejected]:
    def series(attributes: Iterable[KeyValue]) -> Series:
        return Series(instance, scope, metric.name, _attributes(attributes))

    kind = metric.WhichOneof("data")
    if kind == "gauge":
        yield from (_number(series(point.attributes), point) for point in metric.gauge.data_points)
    elif kind == "sum" and _cumulative(metric.sum):
        yield from (_number(series(point.attributes), point) for point in metric.sum.data_points)
    elif kind == "histogram" and _cumulative(metric.histogram):
        yield from (_histogram(series(point.attributes), point) for point in metric.histogram.data_points)
    else:
        yield Rejected(f"{metric.name}: {kind or 'no'} data, or not cumulative, is not read here")


def _cumulative(data: metrics_pb2.Sum | metrics_pb2.Histogram) -> bool:
    return data.aggregation_temporality == metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE


def _number(series: Series, point: metrics_pb2.NumberDataPoint) -> NumberPoint:
    value = point.as_double if point.WhichOneof("value") == "as_double" else float(point.as_int)
    return NumberPoint(series, point.time_unix_nano, value)


def _histogram(series: Series, point: metrics_pb2.HistogramDataPoint) -> HistogramPoint | Rejected:
    try:
        return HistogramPoint(
            series, point.time_unix_nano, point.sum, tuple(point.explicit_bounds), tuple(point.bucket_counts)
        )
    except ValueError as error:
        return Rejected(str(error))


def _attributes(pairs: Iterable[KeyValue]) -> Attributes:
    return frozenset((pair.key, _text(pair.value)) for pair in pairs)


def _text(value: AnyValue) -> str:
    kind = value.WhichOneof("value")
    return "" if kind is None else str(getattr(value, kind))
