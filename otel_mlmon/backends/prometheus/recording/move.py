"""The share of the answers that lie elsewhere than just before, beyond chance."""

from __future__ import annotations

from attrs import frozen

from otel_mlmon.backends.prometheus.recording.comparison import Comparison
from otel_mlmon.backends.prometheus.recording.extremes import smaller
from otel_mlmon.backends.prometheus.rule import Recording
from otel_mlmon.backends.promql.expression import Expression, Selector


@frozen
class Move:
    """A comparison, read as the share of the answers that moved, where both samples have rows enough to be judged.

    Attributes
    ----------
    before
        With what was just before.
    usual
        With what is usual at this hour, where a day's rhythm alone moves answers: the smaller of both counts.
    """

    before: Comparison
    usual: Comparison | None = None

    @property
    def record(self) -> str:
        """The record's name."""
        return self.before.level.record(self.before.metric, f"moved_{self.before.name}")

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """All that is compared."""
        return (self.before,) if self.usual is None else (self.before, self.usual)

    def select(self) -> Selector:
        """Select what is recorded."""
        return self.before.subject.recorded(self.record)

    def recording(self) -> Recording:
        """Return the rule."""
        sudden = _share(self.before)
        if self.usual is None:
            return Recording(self.record, sudden)
        same = self.before.level.same
        return Recording(self.record, smaller(sudden, _share(self.usual), same).where(sudden, same))


def _share(compared: Comparison) -> Expression:
    same, rows = compared.level.same, compared.subject.alerts.rows
    # Half the L1 distance: each answer that moves leaves one bucket and enters another.
    share: Expression = compared.select("l1").minus(compared.select("noise"), same) / 2
    for sample in (compared.recent, compared.reference):
        share = share.where(sample.rows.at_least(rows), same)
    return share
