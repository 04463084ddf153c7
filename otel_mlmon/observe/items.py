"""The results of queries: which items were returned, best first. They are looked at by checks, and never leave."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from otel_mlmon.observe.arrays import Array, to_array


@frozen(eq=False)
class Items:
    """Identifiers of results, shape (queries, results), and which of these are there at all."""

    identifiers: Array
    present: NDArray[np.bool_]


def read_items(items: Any, counts: Any) -> Items | None:
    """Read the results of queries; None where that is not possible.

    Parameters
    ----------
    items
        Identifiers of shape (queries, results), or a list of lists of different lengths.
    counts
        How many results each query got, shape (queries,), or which are there, shape (queries, results).
    """
    if isinstance(items, (list, tuple)):
        return _padded(items)
    identifiers, given = to_array(items), to_array(counts)
    if identifiers is None or given is None or identifiers.ndim != 2 or len(given) != len(identifiers):
        return None
    if given.shape == identifiers.shape:
        return Items(identifiers, given.astype(bool))
    return Items(identifiers, np.arange(identifiers.shape[1]) < given.reshape(-1, 1))


def _padded(queries: Any) -> Items:
    width = max((len(query) for query in queries), default=0)
    identifiers = np.full((len(queries), width), None, dtype=object)
    for row, query in zip(identifiers, queries, strict=True):
        row[: len(query)] = list(query)
    lengths = np.array([len(query) for query in queries], dtype=np.intp)
    return Items(identifiers, np.arange(width) < lengths[:, None])
