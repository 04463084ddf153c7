"""Statistics of bucketed values: how far two distributions are apart, and quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.float64]
"""How many values fell into each bucket; bucket ``i`` is ``(bound[i-1], bound[i]]``."""


def psi(observed: Counts, expected: Counts) -> Counts:
    r"""Return the population stability index: the symmetric Kullback-Leibler divergence of two bucketed shares.

    :math:`\sum_i (o_i - e_i) \ln (o_i / e_i)` over the shares of the buckets. Half a value is added to every bucket
    (the Jeffreys prior), so that an empty one says "rare" and not "impossible".

    Parameters
    ----------
    observed, expected
        Counts of shape ``(..., buckets)``; they broadcast.

    Returns
    -------
    Array of shape ``(...)``, 0 for equal shares. Credit scoring reads below 0.1 as stable and above 0.25 as shifted,
    for windows of thousands of values.

    References
    ----------
    N. Siddiqi, *Credit Risk Scorecards*, Wiley 2006, chapter 9.
    """
    seen, usual = _shares(observed + 0.5), _shares(expected + 0.5)
    return np.asarray(((seen - usual) * np.log(seen / usual)).sum(axis=-1))


def ks(observed: Counts, expected: Counts) -> float:
    """Return the two-sample Kolmogorov-Smirnov statistic: the largest distance between the cumulative shares.

    Bounds between the values are all that is known of them, so this is the statistic of the raw values or less.

    References
    ----------
    F. J. Massey, "The Kolmogorov-Smirnov Test for Goodness of Fit", JASA 46 (1951), 68-78.
    """
    return float(np.abs(np.cumsum(_shares(observed)) - np.cumsum(_shares(expected))).max())


def quantile(bounds: Sequence[float], counts: Counts, share: float) -> float:
    """Return the value below which ``share`` of the values lie, linear within a bucket; NaN when there are none.

    The same estimate as ``histogram_quantile`` of Prometheus, so that both show the same p99: the first bucket starts
    at 0, and what lies above the last bound is reported as that bound.
    """
    total = counts.sum()
    if total == 0:
        return float("nan")
    cumulative = np.cumsum(counts)
    bucket = int(np.searchsorted(cumulative, share * total))
    if bucket >= len(bounds):
        return float(bounds[-1])
    low = bounds[bucket - 1] if bucket else 0.0
    below = cumulative[bucket - 1] if bucket else 0.0
    inside = (share * total - below) / counts[bucket] if counts[bucket] else 0.0
    return float(low + (bounds[bucket] - low) * inside)


def merged(counts: Counts, starts: Sequence[int]) -> Counts:
    """Join buckets: group ``i`` has the buckets from ``starts[i]`` up to ``starts[i + 1]``, along the last axis."""
    return np.asarray(np.add.reduceat(counts, starts, axis=-1), dtype=np.float64)


def _shares(counts: Counts) -> Counts:
    return np.asarray(counts / counts.sum(axis=-1, keepdims=True))
