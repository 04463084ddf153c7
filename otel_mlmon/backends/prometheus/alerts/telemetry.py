"""The telemetry of a model is incomplete: its other alerts do not see everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import level, names, texts
from otel_mlmon.backends.prometheus.recording import telemetry
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Matcher, aggregated

LOST: Final = "ModelTelemetryLost"
OVERFLOW: Final = "ModelSegmentOverflow"

TOLERATED_FOLDED: Final = 0.01
COUNT: Final = 'printf "%.0f"'

_THE_MODELS_OWN: Final = (semconv.DROPPED_NAN, semconv.DROPPED_INFINITE, semconv.DROPPED_SEGMENT_OVERFLOW)
"""Reasons that are no loss: the model answered with no number, or its segment is ``other``."""


def telemetry_lost(subject: Subject) -> Iterator[Alert]:
    """Return the alerts that the instrumentation fails, or cannot record something."""
    errors = aggregated("sum", subject.recorded(telemetry.ERRORS_RECORD), *level.MODEL.labels)
    shown = (names.STAGE, names.ERROR)
    which = texts.worst(telemetry.ERRORS_RECORD, level.MODEL, shown, form=COUNT, before="\nMost often: ")
    yield Alert(
        name=LOST,
        severity=Severity.TICKET,
        symptom="telemetry",
        level=level.MODEL,
        measure=errors,
        threshold=0,
        wait=5 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: the instrumentation failed {texts.value(COUNT)} times in an hour",
        description=(
            "The service answers as before, but some of what it answers is not seen: figures and alerts may miss "
            "something. The service's log has the errors, from the logger otel_mlmon." + which
        ),
        runbook=subject.runbook_of(LOST),
        labels={"lost": "failures"},
    )
    matcher = Matcher(names.REASON, "|".join(_THE_MODELS_OWN), "!~")
    dropped = aggregated("max", subject.recorded(telemetry.DROPPED_RECORD, matcher), *telemetry.REASON_LEVEL.labels)
    reason = f"{{{{ $labels.{names.REASON} }}}}"
    yield Alert(
        name=LOST,
        severity=Severity.TICKET,
        symptom="telemetry",
        level=telemetry.REASON_LEVEL,
        measure=dropped,
        threshold=0,
        wait=5 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: {texts.value(COUNT)} values were not recorded in an hour: {reason}",
        description=(
            f"The service answers as before, but {texts.value(COUNT)} values of the last hour are not in the figures "
            f"({reason}): alerts may miss something."
        ),
        runbook=subject.runbook_of(LOST),
        labels={"lost": "values"},
    )


def segment_overflow(subject: Subject) -> Iterator[Alert]:
    """Return the alert that a model with segments has more of them than are told apart."""
    if not subject.segments:
        return
    yield Alert(
        name=OVERFLOW,
        severity=Severity.TICKET,
        symptom="telemetry",
        level=level.MODEL,
        measure=subject.recorded(telemetry.FOLDED_RECORD),
        threshold=TOLERATED_FOLDED,
        wait=HOUR,
        keep=HOUR,
        summary=f"{texts.WHO}: {texts.value()} of the predictions are of a segment that is not told apart",
        description=(
            f"{texts.value()} of the predictions of the last hour have more values or combinations of segments than "
            "the limits allow: their segments are called other, and a fault in one of them is hard to find. List the "
            "important values in segments.values, or raise segments.max_values or limits.combinations."
        ),
        runbook=subject.runbook_of(OVERFLOW),
    )
