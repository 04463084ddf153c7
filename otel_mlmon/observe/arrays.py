"""The one place that turns whatever models take and return into numpy arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]


MAX_DENSE = 50_000_000
"""A sparse matrix with more cells than this is not worth reading."""


def can(values: Any, method: str) -> bool:
    """Tell whether the values' class has a method; a data frame itself would look among its columns, and slowly."""
    return hasattr(type(values), method)


def to_array(values: Any) -> Array | None:
    """Read an answer as an array of at least one dimension; None where that is not possible.

    Takes what numpy takes, pandas and polars objects, and sparse matrices. A scalar becomes shape (1,).
    """
    if type(values) is np.ndarray:
        return values if values.ndim else values.reshape(1)
    if values is None:
        return None
    if can(values, "toarray"):
        if math.prod(values.shape) > MAX_DENSE:
            return None
        values = values.toarray()
    elif can(values, "to_numpy") and not can(values, "dictionary_encode"):
        # Arrow's refuses to copy, and numpy asks it better.
        values = values.to_numpy()
    try:
        array = np.asarray(values)
    except (TypeError, ValueError):
        return None
    if array.dtype == object and array.ndim <= 1 and any(map(_is_nested, array.reshape(-1)[:1].tolist())):
        return None
    return array if array.ndim else array.reshape(1)


def to_floats(values: Any) -> Floats | None:
    """Read an answer as float64 of at least one dimension; None where it holds no real numbers."""
    array = to_array(values)
    if array is None or array.dtype.kind in "cmM":
        return None
    if array.dtype == np.float64:
        return array
    try:
        return array.astype(np.float64)
    except (OverflowError, TypeError, ValueError):
        return None


def to_table(array: Array) -> Array:
    """View an array as one of shape (rows, columns)."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def _is_nested(value: Any) -> bool:
    return isinstance(value, (list, tuple, dict, set, np.ndarray))
