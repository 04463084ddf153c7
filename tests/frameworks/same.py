"""Whether two answers of a model are the same, whatever they are made of."""

from __future__ import annotations

from typing import Any

import numpy as np


def same(one: Any, other: Any) -> bool:
    """Tell whether two answers are of one type and equal, number for number."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "detach"):
        one, other = one.detach(), other.detach()
    if hasattr(one, "equals"):
        return bool(one.equals(other))
    if hasattr(one, "__array__"):
        return _same_arrays(np.asarray(one), np.asarray(other))
    return same(vars(one), vars(other)) if hasattr(one, "__dict__") else bool(one == other)


def _same_arrays(one: Any, other: Any) -> bool:
    if one.dtype.hasobject:
        return one.dtype == other.dtype and one.shape == other.shape and same(one.tolist(), other.tolist())
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
