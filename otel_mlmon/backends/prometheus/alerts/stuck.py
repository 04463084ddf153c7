"""Nearly all answers are the same, though they usually are not: a constant input, a default, a broken model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon.backends.prometheus import names, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.largest import Largest, largest
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Expression

NAME = "ModelOutputStuck"

GONE: Final = 0.9
"""Of the answers that usually are others than the most common one, the share that is gone."""
OTHERS: Final = 100
"""How many of them a window needs by what is usual: that nine of ten are gone is then no chance."""


def stuck(subject: Subject) -> Iterator[Alert]:
    """Return the alert of a model whose values have known boundaries, or that answers with classes."""
    figures = largest(subject)
    if figures is None:
        return
    at = figures.level
    now, usual = (texts.figure(record, at.labels) for record in (figures.record(NOW), figures.usual_record))
    yield Alert(
        name=NAME,
        severity=Severity.PAGE,
        symptom="output",
        level=at,
        measure=_gone(figures, NOW).otherwise(_gone(figures, HOUR)),
        threshold=GONE,
        wait=3 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: nearly all answers are the same ({now}, usually {usual})",
        description=(
            f"{now} of the answers of the last {NOW // MINUTE} minutes are nearly the same; usually {usual} are."
            f"{_most(figures)}." + beside(subject, at)
        ),
        runbook=subject.runbook_of(NAME),
    )


def _gone(figures: Largest, window: int) -> Expression:
    """Return what share of the answers that are usually different is gone, where enough of them are usual."""
    same, usual, rows = figures.level.same, figures.usual(), figures.rows(window, 0)
    others = (1 - figures.share(window)).over(1 - usual, same)
    alerts = figures.subject.alerts
    expected = rows.times(1 - usual, same).at_least(OTHERS * alerts.overdispersion)
    return (1 - others).where(expected, same).where(rows.at_least(alerts.rows), same)


def _most(figures: Largest) -> str:
    """Return in words what most answers are."""
    if figures.part == names.CLASS:
        return texts.worst(figures.part_record, figures.level, (names.CLASS,), before=" The class is ")
    return texts.worst(
        figures.part_record,
        figures.level,
        (names.LE,),
        form='printf "(%.0f answers)"',
        before=" They lie in the bucket that ends at ",
    )
