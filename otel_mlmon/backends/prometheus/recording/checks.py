"""Quality checks: what share of the answers fails each, and what share is usual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.lately import Lately, usual_share
from otel_mlmon.backends.prometheus.recording.share import Share
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW
from otel_mlmon.backends.promql.expression import HOUR, Expression, Matcher, any_of

METRIC: Final = names.label(semconv.QUALITY_CHECKS)
SYMPTOM: Final = "check"


def has_checks(subject: Subject) -> bool:
    """Tell whether a model's answers are checked."""
    return bool(subject.rule.checks) or (subject.baseline is not None and bool(subject.baseline.checks))


def check_fails(subject: Subject, at: Level) -> Share:
    """Return the share of fails of each check at a level."""
    each = at.beside("check", names.CHECK)
    failed = (Matcher(names.OUTCOME, semconv.OUTCOME_FAIL),)
    return Share(subject, names.CHECKS, METRIC, "fail_share", failed, each, each)


def fails_lately(subject: Subject) -> Lately:
    """Return the shares of fails beside those before.

    The overdispersion of the answers is not that of each check: what one varies more, its threshold has from history.
    """
    return Lately(check_fails(subject, level.MODEL), 1.0)


def check_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of a model's checks: of it as a whole, and by segment."""
    if not has_checks(subject):
        return
    whole = check_fails(subject, level.MODEL)
    compared = fails_lately(subject)
    lately = compared.recordings(_usual(whole))
    unusual = Recording(unusual_fails_record(subject), compared.unusual(compared.recent()))
    yield Group("checks", (*whole.recordings(NOW), *whole.recordings(HOUR), *lately, unusual))
    for segment in subject.segments:
        part = check_fails(subject, segment)
        yield Group(f"checks by {segment.key}", (*part.recordings(NOW), *part.recordings(HOUR)))


def unusual_fails_record(subject: Subject) -> str:
    """Return the record of the shares of fails that are above the usual ones."""
    return check_fails(subject, level.MODEL).level.record(METRIC, "unusual_fail_share")


def known_shares(subject: Subject) -> dict[str, float]:
    """Return the usual share of fails of each check that is configured to have one, or is known from the baseline."""
    configured = {check.name: check.usual for check in subject.rule.checks if check.usual is not None}
    tallies = () if subject.baseline is None else subject.baseline.checks
    counted = {
        tally.name: tally.total.get(semconv.OUTCOME_FAIL, 0) / rows
        for tally in tallies
        if tally.name is not None and (rows := sum(tally.total.values()))
    }
    return {**counted, **configured}


def _usual(fails: Share) -> Expression:
    known = (
        fails.total(HOUR, Matcher(names.CHECK, check)) * 0 + float(f"{share:.6g}")
        for check, share in known_shares(fails.subject).items()
    )
    return any_of((*known, usual_share(fails)))
