"""Numbers that people can read and remember, in place of those that data has."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

WIDENED = 0.5
"""How much farther from the median than nearly all numbers a range goes: what is rare is not yet wrong."""

MAX_BOUNDARIES = 20

TINY = 1e-300
"""Smaller numbers have no digits left to round."""


def nice_step(size: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, … and 0.5, 0.2, 0.1, … that is not larger than a size above 0."""
    size = max(size, TINY)
    power = 10.0 ** math.floor(math.log10(size))
    step = max(factor * power for factor in (1.0, 2.0, 5.0) if factor * power <= size * (1 + 1e-9))
    return clean(step)


def clean(number: float) -> float:
    """Return a number without the last digits that arithmetic left."""
    return float(f"{number:.10g}") + 0.0


def about(number: float) -> str:
    """Return a number as people say it, with two digits that count."""
    return f"{float(f'{number:.2g}'):,.10g}"


def lower_end(median: float, low: float, least: float) -> float:
    """Return a readable number below nearly all numbers.

    Parameters
    ----------
    median, low, least
        Of the numbers: half of them, nearly all, and all of them are above.
    """
    if low >= median:
        return clean(low)
    end = low - WIDENED * (median - low)
    step = nice_step((median - end) / 4)
    rounded = clean(math.floor(clean(end / step)) * step)
    return max(rounded, 0.0) if least >= 0.0 else rounded


def upper_end(median: float, high: float, most: float) -> float:
    """Return a readable number above nearly all numbers; as :func:`lower_end`."""
    return -lower_end(-median, -high, -most) + 0.0


def readable_boundaries(quantiles: Sequence[float], least: float) -> tuple[float, ...]:
    """Return boundaries of buckets: finer where the numbers are, and some beyond them on both sides.

    Parameters
    ----------
    quantiles
        Ascending, the median in the middle.
    least
        Of all numbers; where none is negative, no boundary is.
    """
    low, median, high = quantiles[0], quantiles[len(quantiles) // 2], quantiles[-1]
    below = [low - times * (median - low) for times in (1, 3)] if median > low else []
    above = [high + times * (high - median) for times in (1, 3)] if high > median else []
    points = [*below, *quantiles, *above]
    if least >= 0.0:
        points = [max(point, 0.0) for point in points]
    return _rounded(points)


def _rounded(points: Iterable[float]) -> tuple[float, ...]:
    ordered = sorted(set(points))
    if len(ordered) == 1:
        return (clean(ordered[0]),)
    gaps = [after - before for before, after in pairwise(ordered)]
    # Each as coarse as its nearer neighbour allows.
    nearer = [min(sides) for sides in zip([*gaps, math.inf], [math.inf, *gaps], strict=True)]
    steps = map(nice_step, (gap / 2 for gap in nearer))
    rounded = sorted({clean(round(point / step) * step) for point, step in zip(ordered, steps, strict=True)})
    return tuple(rounded[:MAX_BOUNDARIES])
