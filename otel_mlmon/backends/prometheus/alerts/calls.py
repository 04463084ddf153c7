"""Nobody calls the model, too few do, or one part of the callers is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon.backends.prometheus import level, names, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.calls import CallFigures
from otel_mlmon.backends.prometheus.recording.extremes import larger
from otel_mlmon.backends.prometheus.recording.segment_traffic import segment_traffic
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW, NOW_NAME
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Subquery, call

NO_CALLS: Final = "ModelNoCalls"
TRAFFIC_DROP: Final = "ModelTrafficDrop"
SEGMENT_SILENT: Final = "ModelSegmentSilent"

FEW: Final = 20
"""Usual calls of a window below which none at all may be chance, or a habit."""

COUNT: Final = 'printf "%.0f"'


def no_calls(subject: Subject) -> Iterator[Alert]:
    """Return the alert that nobody calls the model."""
    figures = CallFigures(subject, level.MODEL)
    steady = call("min_over_time", Subquery(figures.total(NOW), 50 * MINUTE, MINUTE, NOW))
    # Before there is a week of history, each of the last hour's minutes must have had calls.
    expected = figures.usual(NOW).otherwise(steady)
    yield Alert(
        name=NO_CALLS,
        severity=Severity.PAGE,
        symptom="traffic",
        level=figures.level,
        measure=expected.unless(figures.total(NOW).above(0), figures.level.same),
        threshold=FEW * subject.alerts.overdispersion,
        wait=3 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: no calls for {NOW_NAME}; usually {texts.value(COUNT)}",
        description=(
            f"Nobody has called the model for {NOW_NAME}; at this time of the week there are usually "
            f"{texts.value(COUNT)} calls at least. Either its callers are gone, or the service, or its telemetry."
            + _still_reports()
            + beside(subject, figures.level)
        ),
        runbook=subject.runbook_of(NO_CALLS),
    )


def traffic_drop(subject: Subject) -> Iterator[Alert]:
    """Return the alert that calls fell suddenly, below what is usual at that time of the week."""
    figures = CallFigures(subject, level.MODEL)
    at, threshold = figures.level, 1 / subject.alerts.traffic
    yield Alert(
        name=TRAFFIC_DROP,
        severity=Severity.TICKET,
        symptom="traffic",
        level=at,
        measure=figures.below_usual(NOW).otherwise(figures.below_usual(HOUR)),
        threshold=threshold,
        parameter="traffic",
        guard=figures.largest_fall().above(threshold),
        wait=3 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: only {texts.figure(figures.of_usual_record(NOW), at.labels)} of the usual calls",
        description=(
            f"{texts.figure(figures.errors.total_record(NOW), at.labels, COUNT)} calls in the last {NOW_NAME}; at this "
            f"time of the week there are usually {texts.figure(figures.usual_record(NOW), at.labels, COUNT)} at least. "
            f"In the last hour they were {texts.figure(figures.of_usual_record(HOUR), at.labels)} of the usual ones. "
            "They fell suddenly: some of the callers are gone, or do not get through."
            + texts.worst_segments("Most are missing in", figures.missing_record, subject.call_segments, at)
            + beside(subject, at)
        ),
        runbook=subject.runbook_of(TRAFFIC_DROP),
    )


def segment_silent(subject: Subject) -> Iterator[Alert]:
    """Return an alert a segment key: one of its values is not asked for any more, while the model is."""
    called = CallFigures(subject, level.MODEL).total(NOW).above(0)
    for segment, usual, total in segment_traffic(subject):
        label = segment.labels[-1]
        # A segment that is gone leaves no series, or one that does not grow.
        by_minutes, by_hours = (usual(window).unless(total(window).above(0), segment.same) for window in (NOW, HOUR))
        who = f"{segment.key}={{{{ $labels.{label} }}}}"
        yield Alert(
            name=SEGMENT_SILENT,
            severity=Severity.TICKET,
            symptom="segment",
            level=segment,
            measure=larger(by_minutes, by_hours, segment.same).where(called, level.MODEL.same),
            threshold=FEW * subject.alerts.overdispersion,
            wait=5 * MINUTE,
            keep=HOUR,
            summary=f"{texts.WHO}: nothing of {who} any more; usually {texts.value(COUNT)}",
            description=(
                f"The model is called, but there is nothing of {who}; at this time of the week there are usually "
                f"{texts.value(COUNT)} at least. This part of the callers is gone, does not get through, or says "
                "something else in that place." + beside(subject, segment)
            ),
            runbook=subject.runbook_of(SEGMENT_SILENT),
            labels={"segment_key": segment.key or segment.name},
        )


def _still_reports() -> str:
    alive = "\nThe service still reports that it has the model: it runs, and nobody asks it."
    gone = "\nThe service does not report at all: it is down, or its telemetry does not arrive."
    return texts.either(names.MODEL_INFO, level.MODEL, alive, gone)
