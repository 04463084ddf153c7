"""A class is answered much more often than just before and than usual."""

from __future__ import annotations

from collections.abc import Iterator

from otel_mlmon.backends.prometheus import level, names, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.classes import ClassFigures, class_figures
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import BEFORE, NOW
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Expression

NAME = "ModelClassJump"
DEVIATIONS = 3
"""Standard deviations that are taken for chance."""


def class_jump(subject: Subject) -> Iterator[Alert]:
    """Return the alert of a model that answers with classes: a class that falls makes another one grow."""
    figures = class_figures(subject, level.MODEL)
    if figures is None:
        return
    at = figures.level
    shares = figures.shares
    most = texts.worst_segments("It grew most in", figures.grown_record, subject.segments, at)
    yield Alert(
        name=NAME,
        severity=Severity.PAGE,
        symptom="output",
        level=at,
        measure=_grown(figures, NOW, NOW).otherwise(_grown(figures, HOUR, BEFORE)),
        threshold=subject.alerts.class_jump,
        parameter="class_jump",
        wait=3 * MINUTE,
        keep=HOUR,
        summary=(
            f"{texts.WHO}: class {{{{ $labels.{names.CLASS} }}}} is now "
            f"{texts.figure(shares.share_record(NOW), at.labels)} of the answers, "
            f"{texts.figure(figures.reference_record(NOW), at.labels)} before"
        ),
        description=(
            f"Class {{{{ $labels.{names.CLASS} }}}} is {texts.figure(shares.share_record(NOW), at.labels)} of the "
            f"answers of the last {NOW // MINUTE} minutes. "
            f"It was {texts.figure(figures.reference_record(NOW), at.labels)} at most "
            "in the hour before and at this hour usually." + most + beside(subject, at)
        ),
        runbook=subject.runbook_of(NAME),
    )


def _grown(figures: ClassFigures, window: int, before: int) -> Expression:
    """Return what a class has more than usual, beyond chance, where both windows have enough rows."""
    shares, rows, whole = figures.shares, figures.subject.alerts.rows, figures.whole.same
    more = shares.share(window).minus(figures.reference(window), figures.level.same)
    return (
        more.minus(DEVIATIONS * figures.deviation(window), figures.level.same)
        .where(shares.total(window).at_least(rows), whole)
        .where(shares.total(HOUR, offset=before).at_least(rows), whole)
    )
