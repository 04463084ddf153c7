"""The answers of a whole day lie elsewhere than on known data and than a week ago: the world, or a model that aged."""

from __future__ import annotations

from collections.abc import Iterator

from otel_mlmon.backends.prometheus import level, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.extremes import smaller
from otel_mlmon.backends.prometheus.recording.incidents import without_incident
from otel_mlmon.backends.prometheus.recording.values import ValueFigures, value_figures
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import LAST_DAY, LAST_WEEK
from otel_mlmon.backends.promql.expression import HOUR, Expression, Selector, call

NAME = "ModelOutputDrift"
QUARTER = LAST_DAY // 4


def output_drift(subject: Subject) -> Iterator[Alert]:
    """Return the alert of a model whose values have known boundaries."""
    figures = value_figures(subject, level.MODEL)
    if figures.boundaries is None:
        return
    at = figures.level
    last_week = "on the same day of last week"
    compared = last_week if subject.baseline is None else f"in the baseline, and than {last_week} where that is known"
    yield Alert(
        name=NAME,
        severity=Severity.TICKET,
        symptom="drift",
        level=at,
        measure=_apart(figures),
        threshold=subject.alerts.drift,
        parameter="drift",
        guard=_whole_day(figures),
        wait=HOUR,
        keep=6 * HOUR,
        summary=f"{texts.WHO}: {texts.value()} of a day's answers lie elsewhere than usual",
        description=(
            f"{texts.value()} of the answers of the last day lie elsewhere than {compared}, beyond what "
            f"chance gives. Mean of the last hour: {texts.figure(figures.hour.mean_record, at.labels, texts.NUMBER)}."
            + beside(subject, at)
        ),
        runbook=subject.runbook_of(NAME),
    )


def _apart(figures: ValueFigures) -> Expression:
    """Return the smaller of the distances to the baseline and to last week, as far as they are known.

    A season moves the answers away from the baseline, a storm away from last week; a fault moves them away from both.
    After a week a fault is no news. Its end would be, where there is no baseline: it is not compared with an incident.
    """
    subject = figures.subject
    enough = figures.day.rows(LAST_WEEK).at_least(subject.alerts.rows)
    last_week = figures.day_last_week.moved().where(enough, figures.level.same)
    if subject.baseline is None:
        return without_incident(last_week, subject, "drift", LAST_WEEK)
    return smaller(last_week, figures.day_baseline.moved(), figures.level.same)


def _whole_day(figures: ValueFigures) -> Expression:
    """Return that there are enough rows, and that a service has run for a day: its first hours are no day."""
    rows = figures.day.rows().at_least(figures.subject.alerts.rows)
    begun = Selector(figures.hour.rows_record, figures.hour.rows().matchers, window=QUARTER, offset=LAST_DAY - QUARTER)
    return rows.where(call("present_over_time", begun), figures.level.same)
