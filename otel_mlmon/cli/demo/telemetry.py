"""What the service has exported so far, read as answers of one model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Condition
from typing import Final

import numpy as np
from attrs import frozen

from otel_mlmon import semconv
from otel_mlmon.cli.demo.measures import Counts
from otel_mlmon.cli.points import HistogramPoint, NumberPoint, Point, Series

ORIGIN: Final = f"{semconv.SEGMENT_PREFIX}origin"
LATE: Final = "1"
"""The class that stands for "late"."""


@frozen(eq=False)
class Scores:
    """Bucketed scores and their exact sum."""

    counts: Counts
    sum: float

    @property
    def rows(self) -> int:
        """Return how many scores these are."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Return the mean score; NaN when there are none."""
        return self.sum / self.rows if self.rows else float("nan")

    def plus(self, other: Scores, sign: int = 1) -> Scores:
        """Return both together, or what this has beyond the other."""
        return Scores(self.counts + sign * other.counts, self.sum + sign * other.sum)


@frozen(eq=False)
class Answers:
    """What a model answered in a stretch of time."""

    origins: Mapping[str, Scores]
    late: float
    """Rows of which it said "late"."""
    durations: Counts
    """Calls by their duration; shape ``(len(duration_bounds) + 1,)``."""
    duration_bounds: tuple[float, ...]

    @property
    def overall(self) -> Scores:
        """Return the scores of all origins."""
        parts = tuple(self.origins.values())
        return Scores(np.sum([part.counts for part in parts], axis=0), sum(part.sum for part in parts))

    @property
    def late_share(self) -> float:
        """Return the share of rows of which the model said "late"; NaN when there are none."""
        rows = self.overall.rows
        return self.late / rows if rows else float("nan")

    def plus(self, other: Answers, sign: int = 1) -> Answers:
        """Return both together, or (``sign=-1``) what this has beyond the other."""
        return Answers(
            {name: scores.plus(other.origins[name], sign) for name, scores in self.origins.items()},
            self.late + sign * other.late,
            self.durations + sign * other.durations,
            self.duration_bounds,
        )


class Telemetry:
    """Keeps the newest cumulative point of each series; the receiver's threads write, the demo reads."""

    def __init__(self, model: str, origins: Iterable[str], bounds: tuple[float, ...]) -> None:
        self._model = model
        self._origins = tuple(origins)
        self._bounds = bounds
        self._points: dict[Series, Point] = {}
        self._changed = Condition()

    def receive(self, points: tuple[Point, ...]) -> None:
        """Take in an export."""
        with self._changed:
            for point in points:
                known = self._points.get(point.series)
                if self._is_ours(point.series) and (known is None or known.time_unix_nano <= point.time_unix_nano):
                    self._points[point.series] = point
            self._changed.notify_all()

    def wait_for_rows(self, rows: int, timeout: float) -> bool:
        """Wait until that many rows have been counted; False when they have not in ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._rows() >= rows, timeout)

    @property
    def rows(self) -> int:
        """Return how many rows have been counted, in all processes."""
        with self._changed:
            return self._rows()

    def answers(self) -> Answers:
        """Return everything answered since the start, summed over processes."""
        with self._changed:
            durations = self._histograms(semconv.PREDICTION_DURATION)
            bounds = next((point.bounds for point in durations), ())
            late = (
                point.value
                for point in self._points.values()
                if isinstance(point, NumberPoint)
                and point.series.metric == semconv.PREDICTIONS
                and point.series.attribute(semconv.PREDICTION_CLASS) == LATE
            )
            return Answers(
                {origin: self._scores(origin) for origin in self._origins},
                sum(late),
                _added(durations, len(bounds) + 1),
                bounds,
            )

    def _scores(self, origin: str) -> Scores:
        points = [
            point for point in self._histograms(semconv.PREDICTION_VALUE) if point.series.attribute(ORIGIN) == origin
        ]
        return Scores(_added(points, len(self._bounds) + 1), sum(point.sum for point in points))

    def _rows(self) -> int:
        return sum(sum(point.counts) for point in self._histograms(semconv.PREDICTION_VALUE))

    def _histograms(self, metric: str) -> list[HistogramPoint]:
        return [
            point
            for point in self._points.values()
            if isinstance(point, HistogramPoint) and point.series.metric == metric
        ]

    def _is_ours(self, series: Series) -> bool:
        return (
            series.metric in {semconv.PREDICTION_VALUE, semconv.PREDICTION_DURATION, semconv.PREDICTIONS}
            and series.attribute(semconv.MODEL_NAME) == self._model
        )


def _added(points: list[HistogramPoint], buckets: int) -> Counts:
    counts = np.array([np.zeros(buckets), *(point.counts for point in points)], dtype=np.float64)
    return np.asarray(counts.sum(axis=0))
