"""Which rows of a call belong to which segment: one group-by a call, and no loop over rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from otel_mlmon.observe.arrays import Array, can
from otel_mlmon.observe.factorize import Codes, Factors
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


def column_of(inputs: Any, key: str | int) -> Any:  # noqa: PLR0911  (one a kind of inputs)
    """Return a column of inputs, whatever they are; None where they have none of that name."""
    if isinstance(inputs, dict):
        return inputs.get(key)
    if type(inputs) in (list, tuple):
        return [_field_of(row, key) for row in inputs] if inputs and _is_row(inputs[0]) else None
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
    """Tell whether the inputs are an object of a dataclass, of attrs, of pydantic, or a named tuple."""
    kind = type(inputs)
    return any(hasattr(kind, mark) for mark in ("__dataclass_fields__", "__attrs_attrs__", "model_fields", "_fields"))


def _is_row(inputs: Any) -> bool:
    return isinstance(inputs, (dict, list, tuple)) or _has_fields(inputs)


def _field_of(row: Any, key: str | int) -> Any:
    if isinstance(key, int) and isinstance(row, (list, tuple)):
        return row[key] if 0 <= key < len(row) else None
    return column_of(row, key) if _is_row(row) else None


def _named_column(inputs: Any, names: Any, key: str | int) -> Any:
    if key in names:
        return inputs[key]
    return inputs[names[key]] if isinstance(key, int) and 0 <= key < len(names) else None
