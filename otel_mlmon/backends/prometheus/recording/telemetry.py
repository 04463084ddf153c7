"""What the instrumentation says of itself: its own failures, and values that it could not record as asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import (
    HOUR,
    Expression,
    Matcher,
    Matching,
    Selector,
    aggregated,
    call,
)

ERROR_LEVEL: Final = level.MODEL.beside("stage_error", names.STAGE, names.ERROR)
REASON_LEVEL: Final = level.MODEL.beside("reason", names.REASON)

ERRORS_RECORD: Final = ERROR_LEVEL.record(names.label(semconv.MONITOR_ERRORS), "increase1h")
DROPPED_RECORD: Final = REASON_LEVEL.record(names.label(semconv.MONITOR_DROPPED), "increase1h")
FOLDED_RECORD: Final = level.MODEL.record(names.label(semconv.MONITOR_DROPPED), "folded_share1h")

_BY_JOB: Final = (names.JOB, names.STAGE, names.ERROR)


def telemetry_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules."""
    yield Group("telemetry", (Recording(ERRORS_RECORD, _errors(subject)), *_dropped(subject)))


def _errors(subject: Subject) -> Expression:
    # A failure is of a service, and of no model: all models of the service may miss something.
    increased = aggregated("sum", _increase(Selector(names.MONITOR_ERRORS)), *_BY_JOB)
    here = aggregated("group", subject.select_any(names.MODEL_INFO), *level.MODEL.labels)
    return increased.times(here, Matching((names.JOB,), group="left", include=(names.MODEL,)))


def _dropped(subject: Subject) -> Iterator[Recording]:
    dropped = aggregated("sum", _increase(subject.select_any(names.MONITOR_DROPPED)), *REASON_LEVEL.labels)
    yield Recording(DROPPED_RECORD, dropped)
    folded = subject.recorded(DROPPED_RECORD, Matcher(names.REASON, semconv.DROPPED_SEGMENT_OVERFLOW))
    rows = call("increase", subject.select_any(f"{names.BATCH_SIZE}_sum", window=HOUR))
    yield Recording(FOLDED_RECORD, folded.over(aggregated("sum", rows, *level.MODEL.labels).above(0), level.MODEL.same))


def _increase(counter: Selector) -> Expression:
    """Return what a counter had in the last hour, with the first value of one that has begun in it."""
    past = Selector(counter.metric, counter.matchers, offset=HOUR)
    grown = call("increase", Selector(counter.metric, counter.matchers, window=HOUR))
    return counter.unless(past).otherwise(grown)
