"""What a rules file is made of."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from attrs import field, frozen

from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.promql.expression import Expression, Selector


class Severity(Enum):
    """Whom an alert reaches."""

    PAGE = "page"
    """Somebody now."""
    TICKET = "ticket"
    """The team, in working hours."""


@frozen
class Recording:
    """A recorded series.

    Attributes
    ----------
    comment
        Says, above the rule, what a reader could not guess.
    """

    record: str
    expression: Expression
    comment: str | None = None
    labels: dict[str, str] = field(factory=dict)

    @property
    def series(self) -> Selector:
        """Select what is recorded."""
        return Selector(self.record)


@frozen
class Alert:
    """An alert, as an engineer reads it in the night.

    Attributes
    ----------
    name
        CamelCase; the same for all models.
    symptom
        What kind of thing it sees, for inhibition: ``output``, ``segment``, ``traffic``, ….
    level
        Whose labels an alert carries.
    measure
        What is compared with the threshold, one value for each series of labels; ``$value`` of the texts.
    threshold
        The measure must be greater than it.
    parameter
        The key of ``models[].alerts`` that the threshold comes from; None where there is none to choose.
    guard
        Series that must be there beside the measure: enough traffic, say.
    wait, keep
        Seconds for which it must hold before it fires, and for which it goes on firing afterwards.
    summary, description
        Templates of Prometheus.
    runbook
        Address of what to do.
    """

    name: str
    severity: Severity
    symptom: str
    level: Level
    measure: Expression
    threshold: float
    wait: int
    keep: int
    summary: str
    description: str
    runbook: str
    parameter: str | None = None
    guard: Expression | None = None
    labels: dict[str, str] = field(factory=dict)

    @property
    def expression(self) -> Expression:
        """The measure where it is above the threshold and may be judged."""
        found = self.measure.above(self.threshold)
        return found if self.guard is None else found.where(self.guard, self.level.same)


Rule: TypeAlias = Recording | Alert


@frozen
class Group:
    """Rules that are evaluated one after the other, at the same moment."""

    name: str
    rules: tuple[Rule, ...]
