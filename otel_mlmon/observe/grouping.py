"""Which rows of a call belong to which segment: one group-by a call, and no loop over rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from otel_mlmon import semconv
from otel_mlmon.observe.arrays import Factors, can, factorize, label_text, to_array
from otel_mlmon.observe.segments import Pairs

Index = slice | NDArray[np.intp]
"""Selects rows of a column."""

ALL_ROWS = slice(None)


@frozen(eq=False)
class Group:
    """The rows of one combination of segment values."""

    pairs: Pairs
    rows: Index
    size: int


@frozen(eq=False)
class ReadColumns:
    """What could be read of the configured columns, and the keys of those that could not."""

    factors: tuple[tuple[str, Factors], ...]
    unreadable: tuple[str, ...]


def read_columns(inputs: Any, keys: tuple[str | int, ...], count: int) -> ReadColumns:
    """Read the configured columns of a model's inputs; one that is absent or of another length is ``missing``.

    Parameters
    ----------
    inputs
        A data frame, a structured array, a mapping of columns, or a two-dimensional array.
    keys
        Names, or indices from 0.
    count
        Rows of the answer, to which the columns must be aligned.
    """
    factors, unreadable = [], []
    for key in keys:
        found = factorize(_column(inputs, key))
        if found is None or len(found.codes) != count:
            unreadable.append(str(key))
            found = Factors(np.zeros(count, dtype=np.intp), (semconv.MISSING,))
        factors.append((str(key), found))
    return ReadColumns(tuple(factors), tuple(unreadable))


def read_first(inputs: Any, keys: tuple[str | int, ...]) -> list[str | None]:
    """Read the configured columns of inputs of one row; None for one that is absent or has another length."""
    columns = (to_array(_column(inputs, key)) for key in keys)
    return [label_text(column[0]) if column is not None and column.shape == (1,) else None for column in columns]


def combinations(columns: tuple[tuple[str, Factors], ...]) -> tuple[NDArray[np.intp], list[Pairs]]:
    """Return each row's combination, shape (rows,), and the combinations that occur."""
    key, first = columns[0]
    codes: NDArray[Any] = first.codes
    pairs: list[Pairs] = [((key, text),) for text in first.texts]
    for key, factors in columns[1:]:
        # Compressed after each key, so that the product of the keys' sizes never matters.
        present, codes = np.unique(codes * len(factors.texts) + factors.codes, return_inverse=True)
        codes = codes.reshape(-1)
        pairs = [
            (*pairs[code // len(factors.texts)], (key, factors.texts[code % len(factors.texts)]))
            for code in present.tolist()
        ]
    return codes, pairs


def split(codes: NDArray[np.intp], pairs: list[Pairs]) -> Iterator[Group]:
    """Yield the rows of each combination that has any; equal combinations are one group."""
    place: dict[Pairs, int] = {}
    merged = np.fromiter((place.setdefault(pair, len(place)) for pair in pairs), dtype=np.intp, count=len(pairs))
    if len(place) == 1:
        yield Group(pairs[0], ALL_ROWS, len(codes))
        return
    groups = merged[codes]
    # numpy sorts short integers by radix: linear in the rows.
    order = np.argsort(groups.astype(np.uint16) if len(place) < 2**16 else groups, kind="stable")
    ends = np.cumsum(np.bincount(groups, minlength=len(place))).tolist()
    start = 0
    for pair, end in zip(place, ends, strict=True):
        if end > start:
            yield Group(pair, order[start:end], end - start)
        start = end


def _column(inputs: Any, key: str | int) -> Any:
    if isinstance(inputs, dict):
        return inputs.get(key)
    if isinstance(inputs, np.ndarray):
        if inputs.dtype.names:
            return _named_column(inputs, inputs.dtype.names, key)
        return inputs[:, key] if isinstance(key, int) and inputs.ndim == 2 and 0 <= key < inputs.shape[1] else None
    # Arrow calls the columns' names so, and by "columns" it means the columns themselves.
    for attribute in ("column_names", "columns"):
        if can(inputs, attribute):
            return _named_column(inputs, getattr(inputs, attribute), key)
    return None


def _named_column(inputs: Any, names: Any, key: str | int) -> Any:
    if key in names:
        return inputs[key]
    return inputs[names[key]] if isinstance(key, int) and 0 <= key < len(names) else None
