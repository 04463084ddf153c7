"""An alert's measure over the history of a Prometheus in which nothing was recorded for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from attrs import frozen

from otel_mlmon.backends.prometheus.model_rules import recording_groups
from otel_mlmon.backends.prometheus.rule import Alert, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import Expression
from otel_mlmon.backends.promql.rewriting import Recorded, inlined, without_own_alerts
from otel_mlmon.cli.backtest.episodes import Track, track
from otel_mlmon.cli.backtest.history import Span, values
from otel_mlmon.cli.backtest.prometheus import Prometheus


@frozen
class Replayed:
    """An alert, and what it would have looked at."""

    alert: Alert
    tracks: tuple[Track, ...]


@frozen
class History:
    """What is looked at.

    Attributes
    ----------
    excluded
        Parts of the span that do not count.
    """

    prometheus: Prometheus
    span: Span
    excluded: tuple[Span, ...]

    def replay(self, alert: Alert, records: Mapping[str, Recorded], advance: Callable[[float], None]) -> Replayed:
        """Ask for what an alert looks at."""
        judged = alert.measure if alert.guard is None else alert.measure.where(alert.guard, alert.level.same)
        found = values(self.prometheus, as_measured(judged, records, self.span.step), self.span, advance)
        return Replayed(alert, tuple(track(series, self.span, self.excluded) for series in found))

    @property
    def days(self) -> float:
        """How long the part is that counts."""
        out = sum(max(min(each.end, self.span.end) - max(each.start, self.span.start), 0) for each in self.excluded)
        return self.span.days - out / 86400


def records_of(subject: Subject) -> dict[str, Recorded]:
    """Return how a model's recorded series come about, by their names."""
    rules: Iterable[Recording] = (
        rule for group in recording_groups(subject) for rule in group.rules if isinstance(rule, Recording)
    )
    return {rule.record: Recorded(rule.expression, rule.labels) for rule in rules}


def as_measured(expression: Expression, records: Mapping[str, Recorded], every: int) -> Expression:
    """Return an expression over what services export: what alerts fired is not there, nor what was recorded."""
    return without_own_alerts(inlined(expression, records, every))
