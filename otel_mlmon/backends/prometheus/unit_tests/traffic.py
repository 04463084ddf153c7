"""What a model would report: so many answers, calls and checks a minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final, TypeAlias

from attrs import evolve, frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.promql.expression import MINUTE, Matcher, Selector
from otel_mlmon.backends.promql.text import text

Labels: TypeAlias = tuple[tuple[str, str], ...]


@frozen
class Counter:
    """A counter, and by how much it grows a minute."""

    metric: str
    labels: Labels
    rate: float

    @property
    def family(self) -> str:
        """The metric without what its series add to its name."""
        return self.metric

    def times(self, factor: float) -> Counter:
        """Return the same with more, or less, of it."""
        return evolve(self, rate=self.rate * factor)


@frozen
class Numbers:
    """A histogram, and how many numbers come a minute into each of its buckets."""

    metric: str
    labels: Labels
    boundaries: tuple[float, ...]
    rates: tuple[float, ...]

    @property
    def family(self) -> str:
        """The metric without what its series add to its name."""
        return self.metric

    @property
    def size(self) -> float:
        """How many come a minute."""
        return sum(self.rates)

    def times(self, factor: float) -> Numbers:
        """Return the same with more, or less, of it."""
        return evolve(self, rates=tuple(rate * factor for rate in self.rates))

    def counters(self) -> Iterator[Counter]:
        """Return its series; each number is at the upper boundary of its bucket."""
        ends = [*map(names.bucket, self.boundaries), "+Inf"]
        for end, up_to in zip(ends, accumulate(self.rates), strict=True):
            yield Counter(f"{self.metric}_bucket", (*self.labels, (names.LE, end)), up_to)
        yield Counter(f"{self.metric}_count", self.labels, self.size)
        places = (*self.boundaries, self.boundaries[-1])
        total = sum(rate * place for rate, place in zip(self.rates, places, strict=True))
        yield Counter(f"{self.metric}_sum", self.labels, total)


@frozen
class Gauge:
    """A gauge, which stays as it is."""

    metric: str
    labels: Labels
    value: float

    @property
    def family(self) -> str:
        """The metric without what its series add to its name."""
        return self.metric

    def times(self, _factor: float) -> Gauge:
        """Return the same: a gauge counts nothing."""
        return self


Part: TypeAlias = Counter | Numbers | Gauge
Traffic: TypeAlias = tuple[Part, ...]
Change: TypeAlias = Callable[[Traffic], Traffic]


@frozen
class Phase:
    """A time in which the traffic is the same."""

    seconds: int
    traffic: Traffic


@frozen
class History:
    """A series in the notation of promtool's tests."""

    series: str
    values: str


GONE: Final = "_"
LONG: Final = 100_000
"""Of a line that is not broken."""


def histories(phases: tuple[Phase, ...], step: int) -> Iterator[History]:
    """Return all series.

    Parameters
    ----------
    step
        Seconds between two samples; every phase is some of them.
    """
    found = [_by_name(phase.traffic) for phase in phases]
    for series in dict.fromkeys(name for of_phase in found for name in of_phase):
        terms, reached = [], 0.0
        for phase, of_phase in zip(phases, found, strict=True):
            samples, each = phase.seconds // step, of_phase.get(series)
            match each:
                case None:
                    terms.append(f"{GONE}x{samples}")
                case Gauge(_, _, value):
                    terms.append(f"{_number(value)}x{samples - 1}")
                case Counter(_, _, rate):
                    terms.append(f"{_number(reached)}{_signed(rate * step / MINUTE)}x{samples - 1}")
                    reached += rate * phase.seconds / MINUTE
        yield History(series, " ".join(terms))


def _by_name(traffic: Traffic) -> dict[str, Counter | Gauge]:
    return {_series(each): each for part in traffic for each in _each(part)}


def _each(part: Part) -> Iterator[Counter | Gauge]:
    if isinstance(part, Numbers):
        yield from part.counters()
    else:
        yield part


def _series(each: Counter | Gauge) -> str:
    return text(Selector(each.metric, tuple(Matcher(label, value) for label, value in each.labels)), LONG)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{_number(abs(value))}"
