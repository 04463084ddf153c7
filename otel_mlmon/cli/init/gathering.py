"""Counts, as they come by segment, to what a baseline holds of one output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import TypeVar

from attrs import define, field

from otel_mlmon import semconv
from otel_mlmon.config.baseline import Counts, Histogram, Tallies, Tally
from otel_mlmon.observe.segments import Pairs

Value = TypeVar("Value")


@define(eq=False)
class Measuring:
    """Gathers the numbers of one output."""

    boundaries: tuple[float, ...]
    total: Counts | None = None
    segments: dict[str, dict[str, Counts]] = field(factory=dict)

    def add(self, counts: Counts) -> None:
        """Take numbers into the total."""
        self.total = counts if self.total is None else self.total.plus(counts)

    def add_to(self, segments: Pairs, counts: Counts) -> None:
        """Take numbers into segments."""
        for key, value in segments:
            by_value = self.segments.setdefault(key, {})
            by_value[value] = by_value[value].plus(counts) if value in by_value else counts

    def done(self, name: str | None) -> Histogram:
        """Return what was taken."""
        segments = {
            key: {value: _short(counts) for value, counts in _sorted(by_value.items())}
            for key, by_value in self.segments.items()
        }
        total = self.total or Counts(0.0, (0,) * (len(self.boundaries) + 1))
        return Histogram(name, self.boundaries, _short(total), segments)


@define(eq=False)
class Counting:
    """Gathers the classes of one output, or the outcomes of one check."""

    total: Counter[str] = field(factory=Counter)
    segments: dict[str, dict[str, Counter[str]]] = field(factory=dict)

    def add(self, label: str, rows: int) -> None:
        """Take rows into the total."""
        self.total[label] += rows

    def add_to(self, segments: Pairs, label: str, rows: int) -> None:
        """Take rows into segments."""
        for key, value in segments:
            self.segments.setdefault(key, {}).setdefault(value, Counter())[label] += rows

    def done(self, name: str | None, limit: int | None = None, least: int = 0) -> Tally:
        """Return what was taken.

        Parameters
        ----------
        name
            Of the output, or the check.
        limit, least
            So many of the most frequent labels, of so many rows or more, stay; the rest is ``other``, as in production.
        """
        kept = [label for label, rows in self.total.most_common(limit) if rows >= least]
        segments = {
            key: {value: _folded(counter, kept) for value, counter in _sorted(by_value.items())}
            for key, by_value in self.segments.items()
        }
        return Tally(name, _folded(self.total, kept), segments)


def _folded(counter: Counter[str], kept: Collection[str]) -> Tallies:
    folded: Counter[str] = Counter()
    for label, rows in counter.items():
        folded[label if label in kept else semconv.OTHER] += rows
    return dict(_sorted(folded.items()))


def _sorted(items: Iterable[tuple[str, Value]]) -> list[tuple[str, Value]]:
    return sorted(items, key=lambda item: (item[0] == semconv.OTHER, item[0]))


def _short(counts: Counts) -> Counts:
    # The last digits of a sum depend on the order of the rows.
    return Counts(float(f"{counts.sum:.10g}"), counts.counts)
