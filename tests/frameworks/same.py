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
        left, right = np.asarray(one), np.asarray(other)
        return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=left.dtype.kind in "fc")
    return same(vars(one), vars(other)) if hasattr(one, "__dict__") else bool(one == other)
