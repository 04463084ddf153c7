"""How a histogram's numbers are distributed: by bucket, their mean, their quantiles.

Buckets of Prometheus are cumulative. How many numbers are in one bucket is what it has more than the bucket below it;
the first one has all numbers up to its boundary, whether that is 0, above or below.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from attrs import frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.rule import Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import (
    Expression,
    Matcher,
    Selector,
    aggregated,
    any_of,
    call,
)
from otel_mlmon.backends.promql.text import duration

QUANTILES = (0.1, 0.5, 0.9)


@frozen
class Distribution:
    """A histogram at one level, over one window.

    Attributes
    ----------
    metric
        Without ``_bucket`` and the like.
    boundaries
        Of its buckets; None where they are not known, and numbers by bucket are not recorded.
    """

    subject: Subject
    metric: str
    level: Level
    window: int
    boundaries: tuple[float, ...] | None

    @property
    def rows_record(self) -> str:
        """The record of how many numbers there are."""
        return self._record("rows")

    @property
    def mean_record(self) -> str:
        """The record of their mean."""
        return self._record("mean")

    @property
    def up_to_record(self) -> str:
        """The record of how many numbers are in each bucket and those below it."""
        return self._record("up_to")

    @property
    def in_bucket_record(self) -> str:
        """The record of how many numbers are in each bucket."""
        return self._record("in_bucket")

    def quantile_record(self, quantile: float) -> str:
        """Return the record of a quantile."""
        return self._record(f"p{quantile * 100:.0f}_")

    def rows(self, offset: int = 0) -> Selector:
        """Select how many numbers there were."""
        return self.subject.recorded(self.rows_record, offset=offset)

    def mean(self, offset: int = 0) -> Selector:
        """Select their mean."""
        return self.subject.recorded(self.mean_record, offset=offset)

    def in_bucket(self, offset: int = 0) -> Selector:
        """Select how many numbers were in each bucket."""
        return self.subject.recorded(self.in_bucket_record, offset=offset)

    def up_to(self, offset: int = 0) -> Selector:
        """Select how many numbers were in each bucket and those below it."""
        return self.subject.recorded(self.up_to_record, offset=offset)

    def shares(self, offset: int = 0) -> Expression:
        """Return the share of the numbers that each bucket had."""
        return self.in_bucket(offset).over(self.rows(offset), self.level.same.many())

    def recordings(self) -> Iterator[Recording]:
        """Return the rules."""
        counted = self.subject.select(f"{self.metric}_count", window=self.window)
        summed = self.subject.select(f"{self.metric}_sum", window=self.window)
        labels = self.level.labels
        yield Recording(self.rows_record, aggregated("sum", call("increase", counted), *labels))
        yield Recording(
            self.mean_record,
            aggregated("sum", call("rate", summed), *labels).over(
                aggregated("sum", call("rate", counted), *labels), self.level.same
            ),
        )
        bucket = self.subject.select(f"{self.metric}_bucket", window=self.window)
        cumulative = aggregated("sum", call("increase", bucket), *labels, names.LE)
        # Some exporters write le="1.0" where others write le="1".
        yield Recording(self.up_to_record, call("label_replace", cumulative, names.LE, "$1", names.LE, r"(.+)\.0"))
        for quantile in QUANTILES:
            estimate = call("histogram_quantile", quantile, self.subject.recorded(self.up_to_record))
            yield Recording(self.quantile_record(quantile), estimate)
        if self.boundaries is not None:
            yield Recording(self.in_bucket_record, self._in_each_bucket(self.boundaries))

    def _in_each_bucket(self, boundaries: tuple[float, ...]) -> Expression:
        ends = [*map(names.bucket, boundaries), "+Inf"]
        above = (self._up_to(end).minus(self._up_to(below), self.level.same.many()) for below, end in pairwise(ends))
        return any_of((self._up_to(ends[0]), *above))

    def _up_to(self, end: str) -> Selector:
        return self.subject.recorded(self.up_to_record, Matcher(names.LE, end))

    def _record(self, figure: str) -> str:
        return self.level.record(self.metric, f"{figure}{duration(self.window)}")
