"""Many numbers in groups, summed up once for however many readers and data points ask."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from otel_mlmon.emit.bucketing import bucket_places

Floats = NDArray[np.float64]
Counts = NDArray[np.intp]


@define(eq=False, slots=False)
class GroupedValues:
    """Finite numbers, sorted by group.

    Attributes
    ----------
    values
        Contiguous, shape (values,).
    starts
        Where each group begins, shape (groups,); none is empty.
    """

    values: Floats
    starts: Counts
    _counts: dict[tuple[float, ...], list[list[int]]] = field(factory=dict)

    @cached_property
    def totals(self) -> list[float]:
        """The sum of each group."""
        return np.add.reduceat(self.values, self.starts).tolist()  # type: ignore[no-any-return]

    @cached_property
    def least(self) -> list[float]:
        """The minimum of each group."""
        return np.minimum.reduceat(self.values, self.starts).tolist()  # type: ignore[no-any-return]

    @cached_property
    def most(self) -> list[float]:
        """The maximum of each group."""
        return np.maximum.reduceat(self.values, self.starts).tolist()  # type: ignore[no-any-return]

    def counts(self, boundaries: tuple[float, ...]) -> list[list[int]]:
        """Return for each group how many of its numbers are in each bucket."""
        found = self._counts.get(boundaries)
        if found is None:
            buckets = len(boundaries) + 1
            groups = np.split(bucket_places(self.values, boundaries), self.starts[1:])
            found = [np.bincount(group, minlength=buckets).tolist() for group in groups]
            self._counts[boundaries] = found
        return found

    def group(self, index: int) -> Floats:
        """Return the numbers of one group."""
        end = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.values)
        return self.values[self.starts[index] : end]


@define(eq=False)
class GroupOfValues:
    """One group: what a data point gets."""

    of: GroupedValues
    index: int

    @classmethod
    def whole(cls, values: Floats) -> GroupOfValues:
        """Return an only group of contiguous values, shape (values,)."""
        return cls(GroupedValues(values, np.zeros(1, dtype=np.intp)), 0)

    @property
    def total(self) -> float:
        """Its sum."""
        return self.of.totals[self.index]

    @property
    def least(self) -> float:
        """Its minimum."""
        return self.of.least[self.index]

    @property
    def most(self) -> float:
        """Its maximum."""
        return self.of.most[self.index]

    def counts(self, boundaries: tuple[float, ...]) -> list[int]:
        """Return how many of its numbers are in each bucket."""
        return self.of.counts(boundaries)[self.index]

    def values(self) -> Floats:
        """Return its numbers."""
        return self.of.group(self.index)
