"""How much there is of each segment, and how much is usual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.calls import CallFigures
from otel_mlmon.backends.prometheus.recording.classes import class_figures
from otel_mlmon.backends.prometheus.recording.extremes import smaller
from otel_mlmon.backends.prometheus.recording.values import value_figures
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import LAST_WEEK, NOW
from otel_mlmon.backends.promql.expression import HOUR, Expression, Selector, aggregated, any_of
from otel_mlmon.backends.promql.text import duration

METRIC: Final = names.label(semconv.PREDICTIONS)

OfWindow: TypeAlias = Callable[[int], Selector]


def segment_traffic(subject: Subject) -> Iterator[tuple[Level, OfWindow, OfWindow]]:
    """Return the level of each segment key, its usual traffic and that of now: calls, or rows where calls are mixed."""
    for segment in subject.call_segments:
        figures = CallFigures(subject, segment)
        yield segment, figures.usual, figures.total
    for segment in subject.row_segments:
        rows = _Rows(subject, segment)
        yield segment, rows.usual, rows.total


def segment_traffic_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of the segments that rows have, and calls as a whole have not."""
    for segment in subject.row_segments:
        yield Group(f"rows by {segment.key}", tuple(_Rows(subject, segment).recordings()))


class _Rows:
    def __init__(self, subject: Subject, level: Level) -> None:
        self._subject, self._level = subject, level

    def usual(self, window: int) -> Selector:
        return self._subject.recorded(self._record("usual_rows", window))

    def total(self, window: int, offset: int = 0) -> Selector:
        return self._subject.recorded(self._record("rows", window), offset=offset)

    def recordings(self) -> Iterator[Recording]:
        for window in (NOW, HOUR):
            yield Recording(self._record("rows", window), self._rows(window))
        for window in (NOW, HOUR):
            past, before = (self.total(window, weeks * LAST_WEEK) for weeks in (1, 2))
            yield Recording(self._record("usual_rows", window), smaller(past, before, self._level.same))

    def _rows(self, window: int) -> Expression:
        values, classes = value_figures(self._subject, self._level), class_figures(self._subject, self._level)
        counted = [(values.now if window == NOW else values.hour).rows()]
        if classes is not None:
            counted.append(classes.shares.total(window))
        # A row has a value of each output.
        return any_of(tuple(aggregated("max", rows, *self._level.labels) for rows in counted))

    def _record(self, figure: str, window: int) -> str:
        return self._level.record(METRIC, f"{figure}{duration(window)}")
