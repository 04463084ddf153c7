"""A quality check fails more often than usual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon.backends.prometheus import names, texts
from otel_mlmon.backends.prometheus.alerts.context import bad_inputs
from otel_mlmon.backends.prometheus.recording.checks import SYMPTOM, fails_lately, has_checks
from otel_mlmon.backends.prometheus.recording.lately import Lately
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW, NOW_NAME
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Expression

NAME: Final = "ModelCheckFails"


def check_fails_more(subject: Subject) -> Iterator[Alert]:
    """Return the alerts of a model with checks: a page where it began suddenly, else a ticket."""
    if not has_checks(subject):
        return
    lately = fails_lately(subject)
    points, same = subject.alerts.fails_points, lately.share.level.same
    suddenly = lately.largest_rise().above(points / 2)
    lasting = _in_the_hour(lately, points / 4)
    yield _alert(lately, Severity.PAGE, 3 * MINUTE, lasting.where(suddenly, same))
    yield _alert(lately, Severity.TICKET, HOUR, lasting.unless(suddenly, same))


def _in_the_hour(lately: Lately, points: float) -> Expression:
    """Return the hour's share where the recent one is a multiple of the usual one, and where it is no blip."""
    share, alerts = lately.share, lately.share.subject.alerts
    same = share.level.same
    multiple = lately.recent().above(alerts.fails_ratio * lately.usual(), same)
    return share.share(HOUR).above(lately.usual() + points, same).where(multiple, same)


def _alert(lately: Lately, severity: Severity, wait: int, guard: Expression) -> Alert:
    share = lately.share
    subject, at = share.subject, share.level
    check = f"{{{{ $labels.{names.CHECK} }}}}"
    now = texts.figure(lately.recent_record, at.labels)
    usual = texts.figure(lately.usual_record, at.labels)
    by_share = share.share_record(NOW if severity is Severity.PAGE else HOUR)
    most = texts.worst_segments("Most in", by_share, subject.segments, at)
    return Alert(
        name=NAME,
        severity=severity,
        symptom=SYMPTOM,
        level=at,
        measure=lately.excess(),
        threshold=subject.alerts.fails_points,
        parameter="fails_points",
        guard=guard,
        wait=wait,
        keep=HOUR,
        summary=f"{texts.WHO}: {now} of the answers fail the check {check}, {usual} usually",
        description=(
            f"{now} of the answers of late fail the check {check}; usually {usual} do. "
            f"In the last {NOW_NAME} {texts.figure(share.share_record(NOW), at.labels)}, "
            f"in the last hour {texts.figure(share.share_record(HOUR), at.labels)}."
            + most
            + texts.released(at)
            + bad_inputs(subject)
        ),
        runbook=subject.runbook_of(NAME),
    )
