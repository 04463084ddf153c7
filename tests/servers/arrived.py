"""What the processes of a server have exported, added up as a back end would."""

from __future__ import annotations

from collections import Counter
from threading import Lock

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_mlmon import semconv
from otel_mlmon.cli.points import HistogramPoint, NumberPoint, Point, Series


class Arrived:
    """The newest point of each series of each process, and all spans."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: dict[Series, Point] = {}
        self.spans: list[Span] = []

    def metrics(self, points: tuple[Point, ...]) -> None:
        """Take an export of metrics."""
        with self._lock:
            for point in points:
                known = self._newest.get(point.series)
                if known is None or known.time_unix_nano <= point.time_unix_nano:
                    self._newest[point.series] = point

    def traces(self, request: ExportTraceServiceRequest) -> None:
        """Take an export of spans."""
        with self._lock:
            self.spans += (
                span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans
            )

    def points(self, metric: str) -> list[Point]:
        """Return the newest points of a metric."""
        with self._lock:
            return [point for series, point in self._newest.items() if series.metric == metric]

    def counted(self, metric: str, attribute: str) -> dict[str | None, float]:
        """Return the sums of a counter, or the numbers of values of a histogram, by an attribute."""
        totals: Counter[str | None] = Counter()
        for point in self.points(metric):
            count = sum(point.counts) if isinstance(point, HistogramPoint) else point.value
            totals[point.series.attribute(attribute)] += count
        return dict(totals)

    def summed(self, metric: str, attribute: str) -> dict[str | None, float]:
        """Return the sums of a histogram's values, by an attribute."""
        totals: Counter[str | None] = Counter()
        for point in self.points(metric):
            assert isinstance(point, HistogramPoint)
            totals[point.series.attribute(attribute)] += point.sum
        return dict(totals)

    def calls(self) -> float:
        """Return how many calls of models there were."""
        return sum(self.counted(semconv.PREDICTION_DURATION, semconv.MODEL_NAME).values())

    def processes(self) -> int:
        """Return how many processes have called a model."""
        return len({point.series.instance for point in self.points(semconv.PREDICTION_DURATION)})

    def failures(self) -> list[Point]:
        """Return what the instrumentation says of its own failures."""
        return [
            point
            for metric in (semconv.MONITOR_ERRORS, semconv.MONITOR_DROPPED)
            for point in self.points(metric)
            if isinstance(point, NumberPoint) and point.value
        ]
