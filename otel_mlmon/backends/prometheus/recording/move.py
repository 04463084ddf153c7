"""The share of the answers that lie elsewhere than just before, beyond chance."""

from __future__ import annotations

from attrs import frozen

from otel_mlmon.backends.prometheus.recording.comparison import Comparison
from otel_mlmon.backends.prometheus.rule import Recording
from otel_mlmon.backends.promql.expression import Expression, Selector


@frozen
class Move:
    """A comparison, read as the share of the answers that moved, where both samples have rows enough to be judged."""

    comparison: Comparison

    @property
    def record(self) -> str:
        """The record's name."""
        return self.comparison.level.record(self.comparison.metric, f"moved_{self.comparison.name}")

    def select(self) -> Selector:
        """Select what is recorded."""
        return self.comparison.subject.recorded(self.record)

    def share(self) -> Expression:
        """Return the share that moved, where it may be judged."""
        compared = self.comparison
        same, rows = compared.level.same, compared.subject.alerts.rows
        enough = compared.moved().where(compared.recent.rows.at_least(rows), same)
        return enough.where(compared.reference.rows.at_least(rows), same)

    def recording(self) -> Recording:
        """Return the rule."""
        return Recording(self.record, self.share())
