"""The answers as a whole change within minutes: mostly a change of ours, for the world changes slowly."""

from __future__ import annotations

from collections.abc import Iterator

from otel_mlmon.backends.prometheus import level, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.values import value_figures
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import HOUR, MINUTE

NAME = "ModelOutputJump"


def output_jump(subject: Subject) -> Iterator[Alert]:
    """Return the alert of a model whose values have known boundaries."""
    figures = value_figures(subject, level.MODEL)
    if figures.boundaries is None:
        return
    at = figures.level
    yield Alert(
        name=NAME,
        severity=Severity.PAGE,
        symptom="output",
        level=at,
        measure=figures.moved_by_minutes.select().otherwise(figures.moved_by_hours.select()),
        threshold=subject.alerts.jump,
        parameter="jump",
        wait=3 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: {texts.value()} of the answers changed within minutes",
        description=(
            f"{texts.value()} of the latest answers lie elsewhere than in the hour before, beyond what chance gives. "
            f"Mean {texts.figure(figures.hour.mean_record, at.labels, texts.NUMBER)} in the last hour, "
            f"{texts.figure(figures.now.mean_record, at.labels, texts.NUMBER)} now."
            + beside(subject, at, figures.moved_by_minutes.record)
        ),
        runbook=subject.runbook_of(NAME),
    )
