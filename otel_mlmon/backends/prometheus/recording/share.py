"""What share of a counter has a mark: fails of checks, bad inputs, failed calls, each class."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.rule import Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import Expression, Matcher, Selector, aggregated, call
from otel_mlmon.backends.promql.text import duration


@frozen
class Share:
    """A share of one model's counter.

    Attributes
    ----------
    metric
        The counter.
    name
        Stands in the middle of the names of records.
    figure
        What the share is called: ``fail_share``.
    part
        What marks the part of the whole.
    level, whole
        Whose labels the part, and the whole, keep; the same where the mark is no label of its own.
    matchers
        Of both.
    """

    subject: Subject
    metric: str
    name: str
    figure: str
    part: tuple[Matcher, ...]
    level: Level
    whole: Level
    matchers: tuple[Matcher, ...] = ()

    def share(self, window: int, *matchers: Matcher, offset: int = 0) -> Selector:
        """Select the recorded share."""
        return self.subject.recorded(self.share_record(window), *matchers, offset=offset)

    def total(self, window: int, *matchers: Matcher, offset: int = 0) -> Selector:
        """Select how much there was in all."""
        return self.subject.recorded(self.total_record(window), *matchers, offset=offset)

    def share_record(self, window: int) -> str:
        """Return the record of the share over a window."""
        return self.level.record(self.name, f"{self.figure}{duration(window)}")

    def total_record(self, window: int) -> str:
        """Return the record of the whole over a window."""
        return self.whole.record(self.name, f"total{duration(window)}")

    def recordings(self, window: int) -> Iterator[Recording]:
        """Return the rules over a window."""
        total = self._increase(window)
        yield Recording(self.total_record(window), aggregated("sum", total, *self.whole.labels))
        whole = self.total(window)
        part: Expression = aggregated("sum", self._increase(window, *self.part), *self.level.labels)
        if self.level == self.whole:
            # A part that has never been seen is no missing figure: it is 0.
            part = part.otherwise(whole * 0)
        yield Recording(self.share_record(window), part.over(whole, self.whole.same.many()))

    def _increase(self, window: int, *part: Matcher) -> Expression:
        return call("increase", self.subject.select(self.metric, *self.matchers, *part, window=window))
