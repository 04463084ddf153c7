"""What is known of one model when its rules are written."""

from __future__ import annotations

from attrs import frozen

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.promql.expression import Matcher, Selector
from otel_mlmon.config.alerts import Alerts
from otel_mlmon.config.baseline import Baseline, Tally
from otel_mlmon.config.schema import ModelRule


@frozen
class Subject:
    """One model.

    Attributes
    ----------
    name
        ``ml.model.name``.
    rule
        Its configuration.
    baseline
        What it answered on known data, where that is known.
    runbook
        Address of its page of the runbook.
    """

    name: str
    rule: ModelRule
    baseline: Baseline | None
    runbook: str

    @property
    def alerts(self) -> Alerts:
        """Its thresholds."""
        return self.rule.alerts

    @property
    def segments(self) -> tuple[Level, ...]:
        """The levels of its segment keys, the most important first."""
        keys = (*self.rule.segments.row_keys, *self.rule.segments.call_wide_keys)
        return tuple(level.segment(key) for key in keys)

    @property
    def row_segments(self) -> tuple[Level, ...]:
        """The levels that each row has a value of, which calls as a whole do not."""
        return tuple(level.segment(key) for key in self.rule.segments.row_keys)

    @property
    def call_segments(self) -> tuple[Level, ...]:
        """The levels that whole calls have a value of."""
        return tuple(level.segment(key) for key in self.rule.segments.call_wide_keys)

    @property
    def classes(self) -> Tally | None:
        """The baseline's only output of classes; None where there is none, or more than one."""
        found = () if self.baseline is None else self.baseline.classes
        return found[0] if len(found) == 1 else None

    def runbook_of(self, alert: str) -> str:
        """Return the address of an alert's section of the runbook."""
        return f"{self.runbook}#{alert.lower()}"

    def select(self, metric: str, *matchers: Matcher, window: int | None = None, offset: int = 0) -> Selector:
        """Select the model's series of a metric of predictions, those of the baseline's operation only."""
        operation = None if self.baseline is None else self.baseline.operation
        asked = () if operation is None else (Matcher(names.OPERATION, operation),)
        return Selector(metric, (Matcher(names.MODEL, self.name), *asked, *matchers), window, offset)

    def select_any(self, metric: str, *matchers: Matcher, window: int | None = None, offset: int = 0) -> Selector:
        """Select the model's series of a metric, whatever the operation."""
        return Selector(metric, (Matcher(names.MODEL, self.name), *matchers), window, offset)

    def recorded(self, record: str, *matchers: Matcher, offset: int = 0) -> Selector:
        """Select what was recorded of this model."""
        return Selector(record, (Matcher(names.MODEL, self.name), *matchers), offset=offset)
