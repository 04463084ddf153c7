"""What checks look at, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray
from opentelemetry.context import Context

from otel_mlmon.observe.arrays import Floats
from otel_mlmon.observe.rows import Column, Rows

Flags = NDArray[np.bool_]


@frozen(eq=False)
class Evidence:
    """A call, or a stretch of rows of several calls, that is to be judged.

    Attributes
    ----------
    rows
        What was read of the answer; None where nothing could be.
    answer
        As the model returned it; None where many calls are judged together.
    inputs
        As the model was given them.
    seconds
        That the model took; an array, shape (rows,), where many calls are judged together.
    said
        By :class:`otel_mlmon.context`.
    segments
        Of the whole call.
    ask
        Asks the same method of the model again with other inputs, uncounted.
    traced
        The context of the call's trace; None where there is none.
    """

    rows: Rows | None
    answer: Any = None
    inputs: Any = None
    seconds: float | Floats = 0.0
    said: Mapping[str, Any] = field(factory=dict)
    segments: Mapping[str, str] = field(factory=dict)
    ask: Callable[[Any], Any] | None = None
    traced: Context | None = None

    @property
    def count(self) -> int:
        """How many rows are judged; an answer that could not be read is one."""
        return 1 if self.rows is None else self.rows.count

    def values(self, output: str | None) -> Sequence[Column]:
        """Return the columns of numbers of an output, or of all where none is named."""
        columns = () if self.rows is None else self.rows.values
        return columns if output is None else [column for column in columns if column.name == output]


@frozen(eq=False)
class Outcome:
    """What a check says of rows.

    Attributes
    ----------
    failed
        Shape (rows,).
    judged
        Of which rows anything can be said, shape (rows,); None: of all.
    numbers
        What was measured, shape (rows,), NaN where nothing was; None where the check measures nothing.
    """

    failed: Flags
    judged: Flags | None = None
    numbers: Floats | None = None

    @classmethod
    def of_call(cls, failed: bool, count: int) -> Outcome:
        """Return what holds for a whole call of ``count`` rows."""
        return cls(np.full(count, failed))
