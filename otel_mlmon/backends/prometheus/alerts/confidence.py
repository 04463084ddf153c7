"""The model is less sure than it was: it would be right less often, were it calibrated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon.backends.prometheus import level, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.confidence import ConfidenceFigures, confidence_figures
from otel_mlmon.backends.prometheus.recording.extremes import smaller
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import BEFORE, NOW
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Expression, call

NAME = "ModelConfidenceDrop"
DEVIATIONS: Final = 3
"""Standard deviations that are taken for chance."""
PAIR: Final = 2
"""Of two classes, the more probable one has at least a half."""


def confidence_drop(subject: Subject) -> Iterator[Alert]:
    """Return the alert of a model that tells its confidence."""
    figures = confidence_figures(subject, level.MODEL)
    if figures is None:
        return
    at = figures.level
    hour, usual = (texts.figure(record, at.labels) for record in (figures.mean_record(HOUR), figures.usual_record))
    yield Alert(
        name=NAME,
        severity=Severity.TICKET,
        symptom="output",
        level=at,
        measure=_fallen(figures),
        threshold=subject.alerts.confidence,
        parameter="confidence",
        wait=5 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: the model is less sure of its answers: {hour} on average, usually {usual}",
        description=(
            f"The mean probability of the answers given is {hour} in the last hour, "
            f"{texts.figure(figures.mean_record(NOW), at.labels)} in its last minutes; usually {usual}. "
            "If the model's probabilities are right, that is the share of correct answers to expect."
            + beside(subject, at)
        ),
        runbook=subject.runbook_of(NAME),
    )


def _fallen(figures: ConfidenceFigures) -> Expression:
    """Return by how much it fell both against the hour before and against what is usual, beyond chance.

    Evenings are usual, and so are storms, which come slowly: neither falls against both.
    """
    same, rows = figures.level.same, figures.subject.alerts.rows
    now, before = figures.mean(HOUR), figures.mean(HOUR, BEFORE)
    return (
        smaller(before, figures.usual(), same)
        .minus(now, same)
        .minus(_chance(figures), same)
        .where(figures.rows(HOUR).at_least(rows), same)
        .where(figures.rows(HOUR, BEFORE).at_least(rows), same)
    )


def _chance(figures: ConfidenceFigures) -> Expression:
    """Return what chance may take, by the largest variance of numbers from ``least`` to 1 with this mean.

    R. Bhatia and C. Davis, *A Better Bound on the Variance*, American Mathematical Monthly 107 (2000), 353-357.
    """
    classes = figures.subject.classes
    least = 0.5 if classes is not None and len(classes.total) == PAIR else 0.0
    mean, same = figures.mean(HOUR), figures.level.same
    spread = figures.subject.alerts.overdispersion
    samples = (spread / figures.rows(HOUR)).plus(spread / figures.rows(HOUR, BEFORE), same)
    variance = ((1 - mean) * (mean - least)).times(samples, same)
    return DEVIATIONS * call("sqrt", variance)
