"""How many rows inputs have, where none of their watched columns tells."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

ONE_VALUE = (str, bytes, bool, int, float, Decimal, date, np.generic)
"""What is one value, for the whole call."""


def rows_of(inputs: Any) -> int | None:
    """Return the rows of a table of any kind; None where the inputs are none."""
    if isinstance(inputs, dict):
        if any(value is None or isinstance(value, ONE_VALUE) for value in inputs.values()):
            return 1
        lengths = {len(value) for value in inputs.values() if hasattr(value, "__len__")}
        return lengths.pop() if len(lengths) == 1 else None
    if isinstance(inputs, (list, tuple)):
        return len(inputs) if inputs and not isinstance(inputs[0], ONE_VALUE) else None
    shape = getattr(inputs, "shape", None)
    return shape[0] if isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[0], int) else None
