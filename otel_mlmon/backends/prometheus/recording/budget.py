"""What share of the calls was bad, or slow, over the windows that burn rates look at.

Five minutes are counted; all longer windows add these up, so that a back end never reads days of raw samples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.configured import GenerationError
from otel_mlmon.backends.prometheus.recording.calls import METRIC
from otel_mlmon.backends.prometheus.recording.checks import check_fails
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import (
    DAY,
    HOUR,
    MINUTE,
    Expression,
    Matcher,
    Selector,
    Subquery,
    aggregated,
    call,
)
from otel_mlmon.backends.promql.text import duration
from otel_mlmon.config.alerts import Objective
from otel_mlmon.config.buckets import DURATION

STEP: Final = 5 * MINUTE
WINDOWS: Final = (30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY)


@frozen
class Spent:
    """The part of a model's calls that an objective does not allow for.

    Attributes
    ----------
    kind
        ``bad`` or ``slow``.
    """

    subject: Subject
    kind: str

    def share_record(self, window: int) -> str:
        """Return the record of its share."""
        return _record(f"{self.kind}_share{duration(window)}")

    def share(self, window: int) -> Selector:
        """Select its share."""
        return self.subject.recorded(self.share_record(window))

    def calls(self, window: int) -> Expression:
        """Return how many calls a window had."""
        return _summed(self._counted("calls"), window)

    def recordings(self, counted: Expression, comment: str) -> Iterator[Recording]:
        """Return the rules.

        Parameters
        ----------
        counted
            How many calls of the last five minutes belong to it.
        """
        mine = self._counted(self.kind)
        yield Recording(mine.metric, counted, comment)
        yield Recording(self.share_record(STEP), mine.over(self._counted("calls"), level.MODEL.same))
        for window in WINDOWS:
            share = _summed(mine, window).over(self.calls(window), level.MODEL.same)
            yield Recording(self.share_record(window), share)

    def _counted(self, what: str) -> Selector:
        return self.subject.recorded(_record(f"{what}{duration(STEP)}"))


def budget_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of a model that has an objective."""
    objective = subject.alerts.slo
    if objective is None:
        return
    bad = Spent(subject, "bad")
    # Where nobody calls, there is no figure: nothing divided by nothing would make every longer window unknown.
    called = Recording(_record(f"calls{duration(STEP)}"), _increase(subject).above(0))
    yield Group("error budget", (called, *bad.recordings(_bad(subject, objective), _said(objective))))
    if objective.latency is not None:
        boundary = _boundary(subject, objective.latency)
        said = f"Calls of more than {boundary:g} s, where the first bucket for {objective.latency:g} s or more ends."
        yield Group("latency budget", tuple(Spent(subject, "slow").recordings(_slow(subject, boundary), said)))


def _said(objective: Objective) -> str:
    if not objective.checks:
        return "Calls that failed."
    listed = ", ".join(objective.checks)
    return f"Calls that failed, and those whose answers fail {listed}: at most, for one answer may fail several."


def _bad(subject: Subject, objective: Objective) -> Expression:
    calls, same = subject.recorded(_record(f"calls{duration(STEP)}")), level.MODEL.same
    failed = _increase(subject, Matcher(names.ERROR, "", "!=")).otherwise(calls * 0)
    if not objective.checks:
        return failed.where(calls, same)
    fails = check_fails(subject, level.MODEL)
    named = one_of(names.CHECK, objective.checks)
    checked = subject.select(fails.metric, named, window=STEP)
    marked = subject.select(fails.metric, named, *fails.part, window=STEP)
    labels = fails.level.labels
    share = aggregated("sum", call("increase", marked), *labels).over(
        aggregated("sum", call("increase", checked), *labels).above(0), fails.level.same
    )
    unanswered = failed.over(calls, same)
    of_answers = aggregated("sum", share, *level.MODEL.labels).otherwise(calls * 0)
    return call("clamp_max", unanswered.plus(of_answers, same), 1).times(calls, same)


def _slow(subject: Subject, boundary: float) -> Expression:
    # Some exporters write le="1.0" where others write le="1".
    spelled = one_of(names.LE, tuple(dict.fromkeys((names.bucket(boundary), repr(boundary)))))
    fast = subject.select(f"{names.DURATION}_bucket", spelled, window=STEP)
    calls = subject.recorded(_record(f"calls{duration(STEP)}"))
    return calls.minus(aggregated("sum", call("increase", fast), *level.MODEL.labels), level.MODEL.same)


def _boundary(subject: Subject, latency: float) -> float:
    for boundary in DURATION.boundaries:
        if boundary >= latency:
            return boundary
    message = (
        f"model '{subject.name}': alerts.slo.latency is {latency:g} s, and latencies are counted up to "
        f"{DURATION.boundaries[-1]:g} s only: give a smaller one"
    )
    raise GenerationError(message)


def _increase(subject: Subject, *matchers: Matcher) -> Expression:
    counted = subject.select(f"{names.DURATION}_count", *matchers, window=STEP)
    return aggregated("sum", call("increase", counted), *level.MODEL.labels)


def _summed(counted: Selector, window: int) -> Expression:
    return call("sum_over_time", Subquery(counted, window, STEP))


def one_of(label: str, values: tuple[str, ...]) -> Matcher:
    """Match a label that has one of these values."""
    if len(values) == 1:
        return Matcher(label, values[0])
    return Matcher(label, "|".join(re.escape(value).replace(r"\-", "-") for value in values), "=~")


def _record(figure: str) -> str:
    return level.MODEL.record(METRIC, figure)
