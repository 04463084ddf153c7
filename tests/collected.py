"""What has been exported, as tests ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, frozen
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


@frozen
class Point:
    """A data point of any kind: a counter has no buckets."""

    metric: str
    attributes: Mapping[str, str]
    count: int
    sum: float
    buckets: tuple[int, ...] = ()
    bounds: tuple[float, ...] = ()
    least: float | None = None
    most: float | None = None


@define
class Collected:
    """Asks the reader, and so flushes, at every question; counts are cumulative."""

    reader: InMemoryMetricReader
    exporter: InMemorySpanExporter

    def points(self, metric: str, **attributes: str) -> list[Point]:
        """Return a metric's points whose attributes, written with ``_`` for ``.``, are as given."""
        wanted = {key.replace("_", "."): value for key, value in attributes.items()}
        return [
            point
            for point in points_of(self.reader.get_metrics_data())
            if point.metric == metric and wanted.items() <= dict(point.attributes).items()
        ]

    def count(self, metric: str, **attributes: str) -> int:
        """Return how many values a histogram has, or a counter's total."""
        return sum(point.count for point in self.points(metric, **attributes))

    def total(self, metric: str, **attributes: str) -> float:
        """Return the sum of a histogram's values."""
        return sum(point.sum for point in self.points(metric, **attributes))

    def counts_by(self, metric: str, key: str) -> dict[str, int]:
        """Return counts by the value of an attribute."""
        found: dict[str, int] = {}
        for point in self.points(metric):
            value = point.attributes.get(key, "")
            found[value] = found.get(value, 0) + point.count
        return found

    def spans(self) -> list[ReadableSpan]:
        """Return the ended spans."""
        return list(self.exporter.get_finished_spans())


def points_of(data: MetricsData | None) -> Iterator[Point]:
    """Return all points of a collection."""
    for resource in data.resource_metrics if data is not None else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    attributes = dict(point.attributes or {})
                    if isinstance(point, HistogramDataPoint):
                        yield Point(
                            metric.name,
                            attributes,
                            point.count,
                            point.sum,
                            tuple(point.bucket_counts),
                            tuple(point.explicit_bounds),
                            point.min,
                            point.max,
                        )
                    else:
                        yield Point(metric.name, attributes, int(point.value), float(point.value))
