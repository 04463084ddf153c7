"""What rankings, recommendations and searches returned, as numbers of one entry a query."""

from __future__ import annotations

import numpy as np

from otel_mlmon.observe.answers import Results, ResultTable
from otel_mlmon.observe.arrays import Array, Floats, to_array, to_floats


def tabulate(answer: Results) -> ResultTable | None:
    """Return how many results each query got, and the score of its best; None where the counts cannot be read."""
    counts = _counts(answer.counts)
    if counts is None:
        return None
    scores = None if answer.top_scores is None else _top_scores(answer, counts)
    if scores is None or scores.shape != counts.shape:
        return ResultTable(counts.reshape(-1, 1))
    table = np.empty((len(counts), 2))
    table[:, 0] = counts
    table[:, 1] = scores
    table[counts <= 0, 1] = np.nan
    return ResultTable(table)


def _counts(values: object) -> Floats | None:
    array = to_array(values)
    if array is not None and array.ndim == 2 and array.dtype.kind == "b":
        return np.add.reduce(array, axis=1, dtype=np.float64)  # type: ignore[no-any-return]
    counts = to_floats(array)
    return counts if counts is not None and counts.ndim == 1 else None


def _top_scores(answer: Results, counts: Floats) -> Floats | None:
    scores = to_array(answer.top_scores)
    if scores is None or answer.best != "first":
        return None if scores is None else _extremes(scores, counts, smallest=answer.best == "smallest")
    if scores.ndim == 2 and scores.shape[1]:
        # Only of these are there as many as queries.
        scores = scores[:, 0]
    return to_floats(scores)


def _extremes(scores: Array, counts: Floats, *, smallest: bool) -> Floats | None:
    if scores.dtype.hasobject and scores.size:
        scores = np.concatenate(scores.tolist())
    numbers, total = to_floats(scores), int(counts.sum())
    if numbers is None or numbers.shape != (total,):
        return None
    extremes = np.full(len(counts), np.nan)
    if total:
        found = counts > 0
        starts = (np.cumsum(counts) - counts)[found].astype(np.intp)
        extremes[found] = (np.minimum if smallest else np.maximum).reduceat(numbers, starts)
    return extremes
