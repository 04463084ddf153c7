"""Numeric columns cut at edges: each number is in one bin."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from otel_mlmon import semconv
from otel_mlmon.observe.arrays import Floats, to_array, to_floats
from otel_mlmon.observe.factorize import Factors
from otel_mlmon.observe.labels import label_text

NO_NUMBERS = (np.complexfloating, np.datetime64, np.timedelta64)
"""Would be converted to something else."""


class Bins:
    """The intervals between edges; each holds its lower edge.

    Attributes
    ----------
    texts
        Their names: ``<18``, ``18-30``, ``>=30``.
    """

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = tuple(map(float, edges))
        names = [label_text(edge) for edge in edges]
        between = (f"{low}-{high}" for low, high in pairwise(names))
        self.texts = (f"<{names[0]}", *between, f">={names[-1]}")

    def of_one(self, value: Any) -> str:
        """Return the name of a value's bin; ``missing`` for what is no number."""
        number = _number(value)
        return semconv.MISSING if math.isnan(number) else self.texts[bisect_right(self._edges, number)]

    def of_rows(self, column: Any) -> Factors | None:
        """Return the bin of each value of a column; None where the column cannot be read."""
        numbers = _numbers(column)
        if numbers is None:
            return None
        codes = np.searchsorted(self._edges, numbers, side="right")
        return Factors(np.where(np.isnan(numbers), len(self.texts), codes), (*self.texts, semconv.MISSING))


def _numbers(column: Any) -> Floats | None:
    array = to_array(column)
    if array is None or array.ndim != 1:
        return None
    numbers = to_floats(array)
    # One text among the numbers must not spoil the others.
    return np.array([_number(value) for value in array], dtype=np.float64) if numbers is None else numbers


def _number(value: Any) -> float:
    """Return a value as a number; NaN for what is none."""
    if isinstance(value, NO_NUMBERS):
        return math.nan
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        return math.nan
