"""Answers of very many rows, in parts: what is made of a part on the way is small, and fits the processor's cache."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import evolve

from otel_mlmon.observe.answers import Answer, OneOutput, has_column_beside

MAX_ROWS = 2**17


def blocks(answer: Answer) -> Sequence[Answer]:
    """Return an answer's parts, in order; one only where it is no array, or none of many rows."""
    if not isinstance(answer, OneOutput):
        return (answer,)
    values = answer.values
    if type(values) is not np.ndarray or values.ndim == 0 or len(values) <= MAX_ROWS:
        return (answer,)
    if has_column_beside(answer):
        # Cut on its own, a column beside the values may be no longer aligned.
        return (answer,)
    starts = range(0, len(values), MAX_ROWS)
    return [evolve(answer, values=values[start : start + MAX_ROWS]) for start in starts]
