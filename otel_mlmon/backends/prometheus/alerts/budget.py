"""The objective's error budget burns too fast.

Windows and factors are those of the Site Reliability Workbook (chapter 5, "Alerting on SLOs", multiwindow,
multi-burn-rate alerts) for 30 days: a long window tells that it matters, a short one that it still goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from otel_mlmon.backends.prometheus import level, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.budget import Spent
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import DAY, HOUR, MINUTE
from otel_mlmon.backends.promql.text import duration

BUDGET: Final = "ModelBudgetBurn"
LATENCY_BUDGET: Final = "ModelLatencyBudgetBurn"
PERIOD: Final = 30 * DAY
TIMES: Final = 'printf "%.1f"'


@frozen
class Burn:
    """A speed that is too fast.

    Attributes
    ----------
    factor
        In times of the speed at which the budget lasts for just 30 days.
    """

    severity: Severity
    factor: float
    long: int
    short: int
    wait: int

    @property
    def spent(self) -> float:
        """The part of the 30 days' budget that is gone after the long window."""
        return self.factor * self.long / PERIOD


BURNS: Final = (
    Burn(Severity.PAGE, 14.4, HOUR, 5 * MINUTE, 2 * MINUTE),
    Burn(Severity.PAGE, 6, 6 * HOUR, 30 * MINUTE, 5 * MINUTE),
    Burn(Severity.TICKET, 3, DAY, 2 * HOUR, HOUR),
    Burn(Severity.TICKET, 1, 3 * DAY, 6 * HOUR, HOUR),
)


def budget_burn(subject: Subject) -> Iterator[Alert]:
    """Return the alerts of a model that has an objective."""
    objective = subject.alerts.slo
    if objective is None:
        return
    yield from _burns(Spent(subject, "bad"), objective.good, BUDGET, "were no good answers")


def latency_budget_burn(subject: Subject) -> Iterator[Alert]:
    """Return the alerts of a model that has an objective of latency."""
    objective = subject.alerts.slo
    if objective is None or objective.latency is None:
        return
    yield from _burns(Spent(subject, "slow"), objective.fast, LATENCY_BUDGET, f"took more than {objective.latency:g} s")


def _burns(spent: Spent, good: float, name: str, said: str) -> Iterator[Alert]:
    budget = float(f"{1 - good:.6g}")
    for burn in BURNS:
        # More than all calls cannot be bad: a low objective is never missed that fast.
        if burn.factor * budget < 1:
            yield _alert(spent, burn, budget, name, said)


def _alert(spent: Spent, burn: Burn, budget: float, name: str, said: str) -> Alert:
    subject, at = spent.subject, level.MODEL
    going_on = spent.share(burn.short).above(float(f"{burn.factor * budget:.6g}"))
    enough = spent.calls(burn.long).at_least(subject.alerts.rows)
    long, short = duration(burn.long), duration(burn.short)
    lately = texts.figure(spent.share_record(burn.long), at.labels)
    still = texts.figure(spent.share_record(burn.short), at.labels)
    return Alert(
        name=name,
        severity=burn.severity,
        symptom="budget",
        level=at,
        measure=spent.share(burn.long) / budget,
        threshold=burn.factor,
        guard=going_on.where(enough, at.same),
        wait=burn.wait,
        keep=HOUR,
        summary=(
            f"{texts.WHO}: {lately} of the calls of the last {long} {said}, {texts.value(TIMES)} times what the "
            "objective allows for"
        ),
        description=(
            f"{lately} of the calls of the last {long} and {still} of those of the last {short} {said}. The objective "
            f"allows for {budget * 100:g} % over 30 days: at this speed that budget is gone within "
            f"{PERIOD / burn.factor / DAY:.0f} days." + beside(subject, at)
        ),
        runbook=subject.runbook_of(name),
        labels={"long_window": long},
    )
