"""Calls of a model: how many, how many are usual, what share of them fails, how long they take."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from attrs import frozen

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.incidents import without_incident
from otel_mlmon.backends.prometheus.recording.lately import MEMORY_STEP
from otel_mlmon.backends.prometheus.recording.share import Share
from otel_mlmon.backends.prometheus.recording.usual import usually
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import BEFORE, LAST_DAY, LAST_WEEK, NOW
from otel_mlmon.backends.promql.expression import (
    HOUR,
    Expression,
    Matcher,
    Selector,
    Subquery,
    aggregated,
    any_of,
    call,
    labelled,
)
from otel_mlmon.backends.promql.text import duration

METRIC: Final = names.label(semconv.PREDICTION_DURATION)
MEDIAN: Final = 0.5
SLOW: Final = 0.99
WEEKS: Final = (LAST_WEEK, 2 * LAST_WEEK, 3 * LAST_WEEK)
DEVIATIONS: Final = 3

_ANSWERED: Final = Matcher(names.ERROR, "")


@frozen
class CallFigures:
    """The calls of one model at one level."""

    subject: Subject
    level: Level

    @property
    def errors(self) -> Share:
        """The share of calls that failed, and how many there were."""
        failed = (Matcher(names.ERROR, "", "!="),)
        return Share(self.subject, f"{names.DURATION}_count", METRIC, "error_share", failed, self.level, self.level)

    @property
    def errors_by_type(self) -> Share:
        """The share of calls that failed in each way."""
        by_type = self.level.beside("error", names.ERROR)
        return Share(self.subject, f"{names.DURATION}_count", METRIC, "share", self.errors.part, by_type, self.level)

    @property
    def usual_errors_record(self) -> str:
        """The record of the share of calls that usually fails."""
        return self._record("usual_error_share")

    @property
    def usual_median_record(self) -> str:
        """The record of the usual median latency."""
        return self._record("usual_p50")

    def latency_record(self, quantile: float, window: int) -> str:
        """Return the record of a quantile of the latency."""
        return self._record(f"p{quantile * 100:.0f}_{duration(window)}")

    def usual_record(self, window: int) -> str:
        """Return the record of how many calls are usual at this time of the week."""
        return self._record(f"usual_total{duration(window)}")

    def of_usual_record(self, window: int) -> str:
        """Return the record of the calls, of those that are usual."""
        return self._record(f"of_usual{duration(window)}")

    @property
    def missing_record(self) -> str:
        """The record of which part of the usual calls is missing."""
        return self._record("missing")

    @property
    def fall_record(self) -> str:
        """The record of how many times more of the usual calls there were in the hour before."""
        return self._record("fall")

    @property
    def rise_record(self) -> str:
        """The record of the median latency, in times of that of the hour before."""
        return self._record("rise_of_p50")

    def total(self, window: int, offset: int = 0) -> Selector:
        """Select how many calls there were."""
        return self.errors.total(window, offset=offset)

    def usual(self, window: int) -> Selector:
        """Select how many calls are usual."""
        return self.subject.recorded(self.usual_record(window))

    def of_usual(self, window: int, offset: int = 0) -> Selector:
        """Select the calls, of those that are usual."""
        return self.subject.recorded(self.of_usual_record(window), offset=offset)

    def latency(self, quantile: float, window: int, offset: int = 0) -> Selector:
        """Select a quantile of the latency."""
        return self.subject.recorded(self.latency_record(quantile, window), offset=offset)

    def enough(self, figure: Expression, window: int, offset: int = 0) -> Expression:
        """Keep a figure where its window has enough calls."""
        calls = self.total(window, offset).at_least(self.subject.alerts.rows)
        return figure.where(calls, self.level.same)

    def below_usual(self, window: int) -> Expression:
        """Return how many times more calls are usual than a window had, chance taken off."""
        return (1 - self._chance(window)).over(self.of_usual(window), self.level.same)

    def largest_fall(self) -> Expression:
        """Return the largest sudden fall of the last day: an hour after it, the hour before has it, too."""
        fall = self.subject.recorded(self.fall_record)
        return call("max_over_time", Subquery(fall, LAST_DAY, MEMORY_STEP))

    def largest_latency_rise(self) -> Expression:
        """Return the largest sudden rise of the median latency in the last day."""
        rise = self.subject.recorded(self.rise_record)
        return call("max_over_time", Subquery(rise, LAST_DAY, MEMORY_STEP))

    def of_window(self, window: int) -> Iterator[Recording]:
        """Return the rules of calls, errors and latency."""
        yield from self.errors.recordings(window)
        bucket = self.subject.select(f"{names.DURATION}_bucket", _ANSWERED, window=window)
        counts = aggregated("sum", call("rate", bucket), *self.level.labels, names.LE)
        for quantile in (MEDIAN, SLOW):
            yield Recording(self.latency_record(quantile, window), call("histogram_quantile", quantile, counts))

    def usual_calls(self, window: int) -> Recording:
        """Return the rule of the usual calls: the fewest of the last weeks, for a holiday's few are usual, too."""
        return Recording(self.usual_record(window), self._fewest(self._past(window)))

    def usual_calls_without_incidents(self, window: int) -> Recording:
        """Return the same, without the hours of an incident: unless all of them had one, which is a habit then."""
        past = self._past(window)
        clean = [
            without_incident(calls, self.subject, "traffic", week) for calls, week in zip(past, WEEKS, strict=True)
        ]
        return Recording(self.usual_record(window), self._fewest(clean).otherwise(self._fewest(past)))

    def missing(self) -> Recording:
        """Return the rule of which part of the usual calls is missing; all, where a segment has left no series."""
        usual, same = self.usual(NOW).above(0), self.level.same
        none = usual * 0
        return Recording(self.missing_record, 1 - self.total(NOW).over(usual, same).otherwise(none))

    def against_before(self) -> Iterator[Recording]:
        """Return the rules of what is compared with the hour before and with what is usual."""
        same = self.level.same
        for window in (NOW, HOUR):
            yield Recording(self.of_usual_record(window), self.total(window).over(self.usual(window).above(0), same))
        yield Recording(self.fall_record, self._fall(NOW, NOW).otherwise(self._fall(HOUR, BEFORE)))
        yield Recording(self.usual_errors_record, self._usually(self._error_share))
        yield Recording(self.usual_median_record, self._usually(self._median))
        yield Recording(self.rise_record, self._latency_rise(NOW, NOW).otherwise(self._latency_rise(HOUR, BEFORE)))

    def _error_share(self, offset: int) -> Selector:
        return self.errors.share(HOUR, offset=offset)

    def _median(self, offset: int) -> Selector:
        return self.latency(MEDIAN, HOUR, offset)

    def _past(self, window: int) -> list[Expression]:
        return [self.total(window, week) for week in WEEKS]

    def _fewest(self, past: Iterable[Expression]) -> Expression:
        weeks = (labelled(calls, "week", f"{place}") for place, calls in enumerate(past, 1))
        return aggregated("min", any_of(tuple(weeks)), *self.level.labels)

    def _chance(self, window: int) -> Expression:
        """Return which part of the usual calls may be missing by chance, where they are enough."""
        factor = DEVIATIONS * math.sqrt(self.subject.alerts.overdispersion)
        return call("sqrt", 1 / self.usual(window).at_least(self.subject.alerts.rows)) * factor

    def _fall(self, window: int, before: int) -> Expression:
        same = self.level.same
        return self.of_usual(HOUR, before).minus(self._chance(window), same).over(self.of_usual(window), same)

    def latency_over(self, reference: Expression, window: int) -> Expression:
        """Return the median latency of a window, in times of a reference."""
        return self.enough(self.latency(MEDIAN, window), window).over(reference, self.level.same)

    def _latency_rise(self, window: int, before: int) -> Expression:
        return self.latency_over(self.enough(self.latency(MEDIAN, HOUR, before), HOUR, before), window)

    def _usually(self, figure: Callable[[int], Expression]) -> Expression:
        def before(offset: int) -> Expression:
            return self.enough(figure(offset), HOUR, offset)

        return usually(before, self.level.same).otherwise(before(NOW))

    def _record(self, figure: str) -> str:
        return self.level.record(METRIC, figure)


def call_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of a model's calls: of it as a whole, and by segment of calls."""
    whole = CallFigures(subject, level.MODEL)
    # The number of all calls is recorded with the first share already.
    _, by_type = whole.errors_by_type.recordings(NOW)
    yield Group("calls", (*whole.of_window(NOW), *whole.of_window(HOUR), by_type))
    usual = tuple(whole.usual_calls_without_incidents(window) for window in (NOW, HOUR))
    yield Group("calls against before", (*usual, *whole.against_before()))
    for segment in subject.call_segments:
        part = CallFigures(subject, segment)
        usual = tuple(part.usual_calls(window) for window in (NOW, HOUR))
        yield Group(f"calls by {segment.key}", (*part.of_window(NOW), *part.of_window(HOUR), *usual, part.missing()))
