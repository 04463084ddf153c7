"""One watched column: what it is called, what is wrong with its values, and which buckets these go to."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

from otel_mlmon.config.buckets import Layout, custom
from otel_mlmon.config.inputs import Input
from otel_mlmon.observe.arrays import can
from otel_mlmon.observe.grouping import column_of
from otel_mlmon.observe.inputs.judge import Judge
from otel_mlmon.observe.labels import label_text


@frozen(eq=False)
class WatchedColumn:
    """What is configured of a column.

    Attributes
    ----------
    key
        Its name, or its index from 0.
    name
        As ``ml.input.name`` says it.
    layout
        Boundaries of the histogram of its numbers; None where there is none.
    """

    key: str | int
    name: str
    judge: Judge
    layout: Layout | None

    @classmethod
    def of(cls, watched: Input) -> WatchedColumn:
        """Return what is configured."""
        layout = None if watched.boundaries is None else custom(watched.boundaries)
        return cls(watched.column, label_text(str(watched.column)), Judge(watched), layout)

    def is_in(self, inputs: Any) -> bool:
        """Tell whether inputs have this column, whatever is in it."""
        if isinstance(inputs, dict):
            return self.key in inputs
        return column_of(inputs, self.key) is not None or (isinstance(self.key, str) and hasattr(inputs, self.key))


def only_value(column: Any) -> tuple[Any] | None:
    """Return the value of a column of one row, or what is one value itself; None for anything else.

    What a service mostly asks about is one row, and numpy's fixed price would be paid several times for each column.
    """
    kind = type(column)
    if kind in (float, int, str, bool):
        return (column,)
    if kind is np.ndarray:
        return (column.item(),) if column.shape == (1,) and column.dtype.kind in "biufUO" else None
    if kind in (list, tuple):
        return (column[0],) if len(column) == 1 else None
    # As pandas and polars, and as Arrow call it.
    for method in ("to_list", "to_pylist"):
        if can(column, method):
            return (getattr(column, method)()[0],) if len(column) == 1 else None
    return None
