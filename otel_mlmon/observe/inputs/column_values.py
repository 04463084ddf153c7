"""The values of a column of whatever library, in the form in which they can be judged all at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from attrs import frozen

from otel_mlmon.observe.arrays import Array, Floats, can, to_array
from otel_mlmon.observe.factorize import Codes, distinct
from otel_mlmon.observe.inputs.moments import seconds_of_array


@frozen(eq=False)
class Numbers:
    """Shape (rows,); NaN is a missing one."""

    values: Floats


@frozen(eq=False)
class Moments:
    """Seconds since 1970, shape (rows,); NaN is a missing one."""

    values: Floats


@frozen(eq=False)
class Coded:
    """Few different values: codes of shape (rows,), where -1 is a missing one, and what they stand for."""

    codes: Codes
    values: Sequence[Any]


@frozen(eq=False)
class Objects:
    """Values of any type, one a row."""

    values: Sequence[Any]


ColumnValues = Numbers | Moments | Coded | Objects


def read_values(column: Any) -> ColumnValues | None:  # noqa: PLR0911  (one a library)
    """Read a column; None where it is none, or has not one value a row."""
    if isinstance(column, (list, tuple)):
        return Objects(column)
    if isinstance(column, np.ndarray):
        return _of_array(column)
    if can(column, "factorize"):
        return _of_pandas(column)
    if can(column, "dictionary_encode"):
        return _of_arrow(column)
    if can(column, "to_physical"):
        return _of_polars(column)
    try:
        array = to_array(column)
    except RuntimeError:
        # Tensors refuse so where they are elsewhere, or have gradients.
        return None
    return None if array is None else _of_array(array)


def count_of(values: ColumnValues) -> int:
    """Return how many rows there are."""
    return len(values.codes) if isinstance(values, Coded) else len(values.values)


def finite_numbers(values: ColumnValues) -> Floats:
    """Return all values that are finite numbers, shape (numbers,)."""
    if isinstance(values, Numbers):
        numbers = values.values
    elif isinstance(values, Coded):
        # The last one is that of code -1.
        of_codes = [*(number_or_nan(value) for value in values.values), np.nan]
        numbers = np.array(of_codes, dtype=np.float64)[values.codes]
    elif isinstance(values, Objects):
        numbers = np.fromiter(map(number_or_nan, values.values), np.float64, len(values.values))
    else:
        numbers = np.empty(0)
    return numbers[np.isfinite(numbers)]


def number_or_nan(value: Any) -> float:
    """Return a value that is a number as such; a text of digits is none."""
    if not isinstance(value, (bool, int, float, Decimal, np.bool_, np.integer, np.floating)):
        return np.nan
    try:
        return np.nan if isinstance(value, np.timedelta64) else float(value)
    except (OverflowError, ValueError):
        return np.nan


def _of_array(array: Array) -> ColumnValues | None:
    if array.ndim != 1:
        return None
    kind = array.dtype.kind
    if kind in "biuf":
        return Numbers(array.astype(np.float64, copy=False))
    if kind == "M":
        return Moments(seconds_of_array(array))
    if kind in "US":
        return _coded(array)
    # As a list, numpy's times would be whole numbers.
    return Objects(array.tolist() if kind == "O" else list(array))


def _of_pandas(column: Any) -> ColumnValues | None:
    if isinstance(column.dtype, np.dtype):
        return _of_array(column.to_numpy())
    if column.dtype.kind in "biuf":
        return Numbers(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if column.dtype.kind == "M":
        return Moments(seconds_of_array(column.to_numpy(dtype="datetime64[us]")))
    return _coded(column)


def _of_arrow(column: Any) -> ColumnValues | None:
    types, kind = sys.modules["pyarrow"].types, column.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind):
        return _coded(column)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_timestamp(kind) or types.is_date(kind):
        return _of_array(column.to_numpy(**({} if can(column, "combine_chunks") else {"zero_copy_only": False})))
    return Objects(column.to_pylist())


def _of_polars(column: Any) -> ColumnValues | None:
    polars = sys.modules["polars"]
    if column.dtype.is_numeric() or column.dtype == polars.Boolean:
        return Numbers(column.cast(polars.Float64).to_numpy())
    if column.dtype in (polars.String, polars.Categorical, polars.Enum):
        return _coded(column)
    return _of_array(column.to_numpy()) if column.dtype in (polars.Date, polars.Datetime) else Objects(column.to_list())


def _coded(column: Any) -> Coded | None:
    found = distinct(column)
    return None if found is None else Coded(found.codes, found.values)
