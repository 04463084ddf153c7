"""Which rows of a call belong to which segment: one group-by a call, and no loop over rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from otel_mlmon import semconv
from otel_mlmon.observe.arrays import Array, can, to_array
from otel_mlmon.observe.factorize import Codes, Factors, factorize
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.segments import Pairs

Member = TypeVar("Member")


@frozen(eq=False)
class Partition(Generic[Member]):
    """The rows of a call by group.

    Attributes
    ----------
    order
        Puts the rows of each group together, shape (rows,); None where there is only one group.
    sizes
        Of the groups, shape (groups,); none is 0.
    members
        What each group belongs to.
    """

    order: NDArray[np.intp] | None
    sizes: NDArray[np.intp]
    members: list[Member]

    def sort(self, column: Array) -> Array:
        """Return a column, shape (rows, …), with the rows of each group together."""
        return column if self.order is None else column[self.order]


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
        column = _column(inputs, key)
        # One value for the whole call is that of each row.
        found = factorize([column] * count if isinstance(column, (str, int, float, bool)) else column)
        if found is None or len(found.codes) != count:
            unreadable.append(str(key))
            found = Factors(np.zeros(count, dtype=np.intp), (semconv.MISSING,))
        factors.append((str(key), found))
    return ReadColumns(tuple(factors), tuple(unreadable))


def read_first(inputs: Any, keys: tuple[str | int, ...]) -> list[str | None]:
    """Read the configured columns of inputs of one row; None for one that is absent or has another length."""
    columns = (to_array(_column(inputs, key)) for key in keys)
    return [label_text(column[0]) if column is not None and column.shape == (1,) else None for column in columns]


def combinations(columns: tuple[tuple[str, Factors], ...]) -> tuple[Codes, list[Pairs]]:
    """Return each row's combination, shape (rows,), and what each code stands for."""
    key, first = columns[0]
    codes = first.codes
    pairs: list[Pairs] = [((key, text),) for text in first.texts]
    for key, factors in columns[1:]:
        # Compressed after each key, so that the product of the keys' sizes never matters.
        present, codes = np.unique(codes.astype(np.intp) * len(factors.texts) + factors.codes, return_inverse=True)
        codes = codes.reshape(-1)
        pairs = [
            (*pairs[code // len(factors.texts)], (key, factors.texts[code % len(factors.texts)]))
            for code in present.tolist()
        ]
    return codes, pairs


def whole(member: Member, count: int) -> Partition[Member]:
    """Return the partition in which all rows are one group."""
    return Partition(None, np.array([count], dtype=np.intp), [member])


def partition(codes: Codes, combinations: int, member: Callable[[int, int], Member]) -> Partition[Member]:
    """Sort rows by what their combinations belong to.

    Parameters
    ----------
    codes
        Each row's combination, shape (rows,).
    combinations
        How many there may be.
    member
        ``member(code, rows)`` is asked for each combination that occurs, and returns what it belongs to: the same
        object for combinations that are to be one group.
    """
    sizes = np.bincount(codes, minlength=combinations)
    members: list[Member] = []
    places: dict[int, int] = {}
    group_of = np.zeros(combinations, dtype=np.intp)
    # The frequent ones first: where segments are bounded, those keep their names.
    for code in np.argsort(-sizes, kind="stable")[: np.count_nonzero(sizes)].tolist():
        found = member(code, int(sizes[code]))
        group_of[code] = places.setdefault(id(found), len(members))
        if group_of[code] == len(members):
            members.append(found)
    if len(members) == 1:
        return whole(members[0], len(codes))
    # numpy sorts short integers by radix: linear in the rows.
    groups = group_of.astype(np.min_scalar_type(len(members)))[codes]
    return Partition(np.argsort(groups, kind="stable"), np.bincount(groups, minlength=len(members)), members)


def _column(inputs: Any, key: str | int) -> Any:
    if isinstance(inputs, dict):
        return inputs.get(key)
    if isinstance(inputs, np.ndarray):
        if inputs.dtype.names:
            return _named_column(inputs, inputs.dtype.names, key)
        return inputs[:, key] if isinstance(key, int) and inputs.ndim == 2 and 0 <= key < inputs.shape[1] else None
    if isinstance(key, str) and _has_fields(inputs):
        return getattr(inputs, key, None)
    # Arrow calls the columns' names so, and by "columns" it means the columns themselves.
    for attribute in ("column_names", "columns"):
        if can(inputs, attribute):
            return _named_column(inputs, getattr(inputs, attribute), key)
    return None


def _has_fields(inputs: Any) -> bool:
    """Tell whether the inputs are an object of a dataclass, of attrs or of pydantic."""
    kind = type(inputs)
    return any(hasattr(kind, mark) for mark in ("__dataclass_fields__", "__attrs_attrs__", "model_fields"))


def _named_column(inputs: Any, names: Any, key: str | int) -> Any:
    if key in names:
        return inputs[key]
    return inputs[names[key]] if isinstance(key, int) and 0 <= key < len(names) else None
