"""What a check compares by: something that the service said of the call, or a column of the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from otel_mlmon.observe.arrays import to_array
from otel_mlmon.observe.checks.evidence import Evidence
from otel_mlmon.observe.grouping import column_of


def keys_of(name: str, evidence: Evidence) -> Sequence[Any] | None:
    """Return a key, one a row; None where neither the context nor the inputs have it.

    Said by :class:`otel_mlmon.context`, it is one value for the whole call, or a list of one a row.
    """
    if name in evidence.said:
        value = evidence.said[name]
        if isinstance(value, (list, tuple, np.ndarray)) and len(value) == evidence.count:
            return list(value)
        return [value] * evidence.count
    column = column_of(evidence.inputs, name)
    if isinstance(column, (str, int, float, bool)):
        return [column] * evidence.count
    values = None if column is None else to_array(column)
    return values.tolist() if values is not None and values.shape == (evidence.count,) else None
