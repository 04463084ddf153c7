"""Two versions of a model answer at the same time, and differently: a canary, an A/B test, a release that hangs."""

from __future__ import annotations

from collections.abc import Iterator

from otel_mlmon.backends.prometheus import level, names, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.distribution import Distribution
from otel_mlmon.backends.prometheus.recording.move import Move
from otel_mlmon.backends.prometheus.recording.values import value_figures
from otel_mlmon.backends.prometheus.recording.versions import OtherVersions
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Expression, aggregated, dropping

NAME = "ModelVersionDiffers"


def version_differs(subject: Subject) -> Iterator[Alert]:
    """Return the alert of a model whose values have known boundaries; one for all its versions."""
    by_version, whole = value_figures(subject, level.VERSION), value_figures(subject, level.MODEL)
    if by_version.boundaries is None:
        return
    at = whole.level
    means = texts.each(by_version.hour.mean_record, at, names.VERSION, texts.NUMBER)
    yield Alert(
        name=NAME,
        severity=Severity.TICKET,
        symptom="version",
        level=at,
        measure=dropping("max", Move(OtherVersions(by_version).comparison).share(), names.VERSION),
        threshold=subject.alerts.jump,
        guard=_two_answer(by_version.now, at.labels),
        wait=15 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: two versions answer differently, {texts.value()} of the answers apart",
        description=(
            f"Over the last hour, {texts.value()} of the answers of one version lie elsewhere than those of the "
            f"others, beyond what chance gives. Mean of each version:{means}. "
            "If both get the same kind of requests, they are different models." + beside(subject, at)
        ),
        runbook=subject.runbook_of(NAME),
    )


def _two_answer(now: Distribution, labels: tuple[str, ...]) -> Expression:
    """Return that two versions answer now: an hour after a release holds the old version's answers, too."""
    return aggregated("count", now.rows().above(0), *labels).above(1)
