"""Calls of the model fail."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from otel_mlmon.backends.prometheus import level, names, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.calls import DEVIATIONS, CallFigures
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW, NOW_NAME
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Expression, call

NAME: Final = "ModelErrors"
TOLERATED: Final = 0.05
TIMES: Final = 3
CALLS: Final = 20
FAILED: Final = 5


def errors(subject: Subject) -> Iterator[Alert]:
    """Return the alert that calls fail."""
    figures = CallFigures(subject, level.MODEL)
    at, share = figures.level, figures.errors.share(NOW)
    usual = subject.recorded(figures.usual_errors_record)
    calls = figures.total(NOW)
    enough = calls.at_least(CALLS).where(calls.times(share, at.same).at_least(FAILED), at.same)
    kinds = texts.worst(figures.errors_by_type.share_record(NOW), at, (names.ERROR,), before="\nMost of them: ")
    failing = texts.figure(figures.errors.share_record(NOW), at.labels)
    count = texts.figure(figures.errors.total_record(NOW), at.labels, 'printf "%.0f"')
    yield Alert(
        name=NAME,
        severity=Severity.PAGE,
        symptom="errors",
        level=at,
        measure=_beyond_chance(share, usual, figures),
        threshold=TOLERATED,
        guard=enough.unless(share.below(TIMES * usual, at.same), at.same),
        wait=3 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: {failing} of the calls fail",
        description=(
            f"{failing} of the {count} calls of the last {NOW_NAME} failed; "
            f"usually {texts.figure(figures.usual_errors_record, at.labels)} do." + kinds + beside(subject, at)
        ),
        runbook=subject.runbook_of(NAME),
    )


def _beyond_chance(share: Expression, usual: Expression, figures: CallFigures) -> Expression:
    same = figures.level.same
    factor = DEVIATIONS * math.sqrt(figures.subject.alerts.overdispersion)
    chance = call("sqrt", (usual * (1 - usual)).over(figures.total(NOW), same)) * factor
    # Without anything usual, all of it counts.
    return share.minus(chance, same).otherwise(share)
