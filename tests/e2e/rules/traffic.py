"""Made-up traffic of a model, in the notation of promtool's tests: so many answers a minute, in phases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from attrs import frozen

from otel_mlmon.backends.prometheus import names


@frozen
class Phase:
    """Minutes in which nothing changes.

    Attributes
    ----------
    rates
        Answers a minute, in each bucket or of each class.
    """

    minutes: int
    rates: tuple[float, ...]


def histogram(
    metric: str, boundaries: tuple[float, ...], labels: Mapping[str, str], phases: Sequence[Phase]
) -> Iterator[dict[str, Any]]:
    """Return the series of a histogram; each number is at the upper boundary of its bucket."""
    ends = [*map(names.bucket, boundaries), "+Inf"]
    cumulative = [tuple(accumulate(phase.rates)) for phase in phases]
    for place, end in enumerate(ends):
        rates = [(phase.minutes, up_to[place]) for phase, up_to in zip(phases, cumulative, strict=True)]
        yield _series(f"{metric}_bucket", {**labels, names.LE: end}, rates)
    places = (*boundaries, boundaries[-1])
    sums = [(phase.minutes, sum(a * b for a, b in zip(phase.rates, places, strict=True))) for phase in phases]
    yield _series(f"{metric}_sum", labels, sums)
    yield _series(f"{metric}_count", labels, [(phase.minutes, sum(phase.rates)) for phase in phases])


def counters(
    metric: str, label: str, values: Sequence[str], labels: Mapping[str, str], phases: Sequence[Phase]
) -> Iterator[dict[str, Any]]:
    """Return the series of a counter by a label."""
    for place, value in enumerate(values):
        yield _series(metric, {**labels, label: value}, [(phase.minutes, phase.rates[place]) for phase in phases])


def _series(metric: str, labels: Mapping[str, str], rates: Sequence[tuple[int, float]]) -> dict[str, Any]:
    inside = ", ".join(f'{label}="{value}"' for label, value in labels.items())
    terms, reached = [], 0.0
    for minutes, rate in rates:
        terms.append(f"{reached:.6f}+{rate:.6f}x{minutes - 1}")
        reached += rate * minutes
    return {"series": f"{metric}{{{inside}}}", "values": " ".join(terms)}
