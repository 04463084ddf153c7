"""How far what a model answers lately lies from what it answered before, or on known data.

All measures are of counts by bucket, so they are those of the raw numbers as far as the boundaries tell them apart:

- ``l1``: the sum of the differences of the shares, 0 to 2. Half of it is the share of the answers that moved.
- ``psi``: the population stability index, with half a count added to every bucket (the Jeffreys prior), so that an
  empty one says "rare" and not "impossible". N. Siddiqi, *Credit Risk Scorecards*, Wiley 2006, chapter 9.
- ``ks``: the largest difference of the cumulative shares. F. J. Massey, JASA 46 (1951), 68-78.
- ``w1``: the Wasserstein-1 distance, each number standing at the upper boundary of its bucket, and those above all
  boundaries at the last one. S. S. Vallender, *Theory of Probability and its Applications* 18 (1974), 784-786.
- ``noise``: the ``l1`` to be expected of two samples of this size when nothing has changed, since small samples differ
  by themselves: each share of a bucket has the standard deviation sqrt(p (1 - p) (1/n + 1/m)), and the mean absolute
  value of a normal variable is sqrt(2/pi) of it. Overdispersion multiplies the variance: answers to the same question
  are not independent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.rule import Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import (
    Expression,
    Matching,
    Selector,
    call,
    dropping,
)

MEAN_OF_ABSOLUTE_NORMAL: Final = math.sqrt(2 / math.pi)
PRIOR: Final = 0.5


@frozen
class Sample:
    """Numbers by bucket.

    Attributes
    ----------
    in_bucket, up_to, rows
        How many are in each bucket, in each and those below it, and in all.
    """

    in_bucket: Expression
    up_to: Expression
    rows: Expression


@frozen
class Comparison:
    """Two samples of one histogram at one level.

    Attributes
    ----------
    name
        Ends the names of the records: ``hour_before``.
    matching
        Which reference belongs to which recent figures, besides ``le``.
    buckets
        How many there are.
    """

    name: str
    subject: Subject
    metric: str
    level: Level
    recent: Sample
    reference: Sample
    matching: Matching
    buckets: int

    def select(self, measure: str, offset: int = 0) -> Selector:
        """Select a recorded measure."""
        return self.subject.recorded(self._record(measure), offset=offset)

    def moved(self) -> Expression:
        """Return the share of the answers that lie elsewhere, beyond chance.

        It is half the ``l1``: each answer that moves leaves one bucket and enters another.
        """
        return self.select("l1").minus(self.select("noise"), self.level.same) / 2

    def distance(self) -> Recording:
        """Return the rule of the ``l1`` distance."""
        difference = call("abs", self._shares(self.recent).minus(self._reference_shares(), self._by_bucket))
        return self._rule("l1", dropping("sum", difference, names.LE))

    def noise(self) -> Recording:
        """Return the rule of the distance that no change would give."""
        share = self._reference_shares()
        spread = dropping("sum", call("sqrt", share * (1 - share)), names.LE)
        samples = (1 / self.recent.rows).plus(1 / self.reference.rows, self.matching)
        factor = MEAN_OF_ABSOLUTE_NORMAL * math.sqrt(self.subject.alerts.overdispersion)
        return self._rule("noise", factor * call("sqrt", samples).times(spread, self.matching))

    def others(self) -> Iterator[Recording]:
        """Return the rules of the other measures."""
        smooth, usual = self._smoothed(self.recent, self.level.same), self._smoothed(self.reference, self._own)
        terms = smooth.minus(usual, self._by_bucket).times(
            call("ln", smooth.over(usual, self._by_bucket)), self._same_bucket
        )
        yield self._rule("psi", dropping("sum", terms, names.LE))
        apart = call("abs", self._cumulative(self.recent).minus(self._reference_cumulative(), self._by_bucket))
        yield self._rule("ks", dropping("max", apart, names.LE))
        width = self.subject.recorded(width_record(self.metric))
        weighted = apart.times(width, Matching((names.MODEL, names.LE), group="left"))
        yield self._rule("w1", dropping("sum", weighted, names.LE))

    @property
    def _own(self) -> Matching:
        return Matching(self.matching.labels)

    @property
    def _by_bucket(self) -> Matching:
        return Matching((*self.matching.labels, names.LE), group=self.matching.group)

    @property
    def _same_bucket(self) -> Matching:
        return Matching((*self.level.labels, names.LE))

    def _shares(self, sample: Sample) -> Expression:
        return sample.in_bucket.over(sample.rows, self.level.same.many())

    def _cumulative(self, sample: Sample) -> Expression:
        return sample.up_to.over(sample.rows, self.level.same.many())

    def _reference_shares(self) -> Expression:
        return self.reference.in_bucket.over(self.reference.rows, self._own.many())

    def _reference_cumulative(self) -> Expression:
        return self.reference.up_to.over(self.reference.rows, self._own.many())

    def _smoothed(self, sample: Sample, matching: Matching) -> Expression:
        return (sample.in_bucket + PRIOR).over(sample.rows + PRIOR * self.buckets, matching.many())

    def _rule(self, measure: str, expression: Expression) -> Recording:
        return Recording(self._record(measure), expression)

    def _record(self, measure: str) -> str:
        return self.level.record(self.metric, f"{measure}_{self.name}")


def width_record(metric: str) -> str:
    """Return the record of how wide the bucket above each boundary is."""
    return f"model:{metric}:width"
