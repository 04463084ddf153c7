"""How far the answers of each version of a model lie from those of all its other versions, over the same hour."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.recording.comparison import Comparison, Sample
from otel_mlmon.backends.prometheus.recording.values import ValueFigures, value_figures
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import HOUR, Expression, Matching, Selector, dropping
from otel_mlmon.backends.promql.text import duration


@frozen
class OtherVersions:
    """What all versions but the series' own answered in the last hour.

    Attributes
    ----------
    own
        The figures by version.
    """

    own: ValueFigures

    @property
    def rows(self) -> Selector:
        """How many answers they gave."""
        return self._select("rows")

    @property
    def comparison(self) -> Comparison:
        """Each version against all others."""
        hour, at = self.own.hour, self.own.level
        recent = Sample(hour.in_bucket(), hour.up_to(), hour.rows())
        others = Sample(self._select("in_bucket"), self._select("up_to"), self.rows)
        buckets = len(self.own.boundaries or ()) + 1
        return Comparison("other_versions", self.own.subject, names.VALUE, at, recent, others, at.same, buckets)

    def recordings(self) -> Iterator[Recording]:
        """Return the rules."""
        hour, labels = self.own.hour, self.own.level.labels
        yield Recording(self._record("in_bucket"), _others(hour.in_bucket(), *labels, names.LE))
        # Without others there is nothing to compare with.
        yield Recording(self._record("rows"), _others(hour.rows(), *labels).above(0))
        yield self.comparison.distance()
        yield self.comparison.noise()

    def _select(self, figure: str) -> Selector:
        return self.own.subject.recorded(self._record(figure))

    def _record(self, figure: str) -> str:
        return self.own.level.record(names.VALUE, f"{figure}_of_others{duration(HOUR)}")


def version_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of a model whose values have known boundaries."""
    figures = value_figures(subject, level.VERSION)
    if figures.boundaries is not None:
        yield Group("versions against each other", tuple(OtherVersions(figures).recordings()))


def _others(own: Expression, *labels: str) -> Expression:
    kept = tuple(label for label in labels if label != names.VERSION)
    return dropping("sum", own, names.VERSION).minus(own, Matching(kept, group="right"))
