"""A column's different values, and which of them each row has: without a loop over rows, and without sorting them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from otel_mlmon import semconv
from otel_mlmon.observe.arrays import Array, can, to_array
from otel_mlmon.observe.labels import label_text

Codes = NDArray[np.integer[Any]]


@frozen(eq=False)
class Factors:
    """A column as codes, shape (rows,), and the text of the value that each code stands for."""

    codes: Codes
    texts: tuple[str, ...]


@frozen(eq=False)
class Distinct:
    """A column as codes, shape (rows,), and the value that each code stands for; a negative code is a missing one."""

    codes: Codes
    values: Sequence[Any]


MAX_CATEGORIES = 256
"""A categorical column with more categories is looked at for those that occur."""

MIN_FOR_HASHING = 256
"""Sorting fewer rows is cheaper."""

SLOT_BITS = 16

MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
"""Odd numbers with well-mixed bits, one an attempt."""


def factorize(column: Any) -> Factors | None:
    """Return which of a column's different values each row has, as text; None where the column cannot be read."""
    found = distinct(column)
    if found is None:
        return None
    texts = tuple(map(label_text, found.values))
    missing = found.codes < 0
    if missing.any():
        return Factors(np.where(missing, len(texts), found.codes.astype(np.intp)), (*texts, semconv.MISSING))
    return Factors(found.codes, texts)


def distinct(column: Any) -> Distinct | None:
    """Return which of a column's different values each row has; None where the column cannot be read.

    Codes of categorical columns of pandas, and of Arrow's and polars' dictionaries, are taken as they are.
    """
    if can(column, "factorize"):
        return _distinct_of_pandas(column)
    if can(column, "dictionary_encode"):
        return _distinct_of_arrow(column)
    if can(column, "to_physical") and not column.dtype.is_numeric():
        return _distinct_of_polars(column)
    # numpy would turn a NaN among text into the text "nan".
    array = to_array(np.array(column, dtype=object) if isinstance(column, (list, tuple)) else column)
    return None if array is None or array.ndim != 1 else _distinct_of_array(array)


def _distinct_of_pandas(column: Any) -> Distinct:
    categories = getattr(column.dtype, "categories", None)
    if categories is not None and len(categories) <= MAX_CATEGORIES and can(column, "cat"):
        return Distinct(column.cat.codes.to_numpy(), categories.tolist())
    codes, uniques = column.factorize()
    return Distinct(np.asarray(codes), uniques.tolist())


def _distinct_of_arrow(column: Any) -> Distinct:
    encoded = (column.combine_chunks() if can(column, "combine_chunks") else column).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Distinct(codes, encoded.dictionary.to_pylist())


def _distinct_of_polars(column: Any) -> Distinct:
    polars = sys.modules["polars"]
    texts = column.cast(polars.String)
    uniques = texts.unique(maintain_order=True).drop_nulls()
    codes = texts.cast(polars.Enum(uniques)).to_physical().cast(polars.Int64).fill_null(-1)
    return Distinct(codes.to_numpy(), uniques.to_list())


def _distinct_of_array(array: Array) -> Distinct:
    found = None if array.dtype.hasobject or len(array) < MIN_FOR_HASHING else _by_hash(array)
    if found is not None:
        codes, uniques = found
    else:
        try:
            uniques, codes = np.unique(array, return_inverse=True)
        except TypeError:
            # Mixed types cannot be sorted, and text with a None among it is such a mixture.
            uniques, codes = np.unique([label_text(value) for value in array.tolist()], return_inverse=True)
    return Distinct(codes.reshape(-1), uniques.tolist())


def _by_hash(array: Array) -> tuple[Codes, Array] | None:
    """Return each row's code, and the values: where values are few, each gets a slot of a table for itself.

    A row's slot comes from its bits. If every row equals the row that its slot holds, slots are as good as values. Else
    two values share one, and another multiplier is tried; None when all fail, for then the values are many.
    """
    words = _as_words(array)
    hashes = words[:, 0].astype(np.uint64)
    for column in range(1, words.shape[1]):
        hashes = hashes * np.uint64(MULTIPLIERS[0]) ^ words[:, column]
    rows = np.arange(len(array))
    for multiplier in MULTIPLIERS:
        slots = (hashes * np.uint64(multiplier) >> np.uint64(64 - SLOT_BITS)).astype(np.intp)
        held = np.full(1 << SLOT_BITS, -1)
        held[slots] = rows
        if np.array_equal(words[held[slots]], words):
            used = held >= 0
            return (used.cumsum() - 1)[slots], array[held[used]]
    return None


def _as_words(array: Array) -> Array:
    """View values of a fixed size as unsigned integers, shape (rows, integers)."""
    size = next(size for size in (8, 4, 2, 1) if array.dtype.itemsize % size == 0)
    return np.ascontiguousarray(array).view(f"u{size}").reshape(len(array), -1)
