"""Faiss: indexes of every kind, on whatever device, that are asked from Python."""

from __future__ import annotations

import sys
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, first_argument
from otel_mlmon.observe.answers import Answer, Results


def search_answer(call: Call) -> Answer:
    """``search``, ``search_and_reconstruct``: the best first; where fewer are found, identifiers of -1 fill up."""
    distances, identifiers, *_ = call.answer
    return Results(identifiers >= 0, distances, items=identifiers)


def range_answer(call: Call) -> Answer:
    """``range_search``: what is within the radius, in no order, and the places where each query's results begin."""
    limits, distances, _ = call.answer
    # Unsigned in some versions.
    counts = limits.astype("int64")
    is_similarity = sys.modules["faiss"].is_similarity_metric(call.instance.metric_type)
    return Results(counts[1:] - counts[:-1], distances, best="largest" if is_similarity else "smallest")


def queries(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the queries, shape (queries, dimensions)."""
    return kwargs.get("x", first_argument(args, {}))


_INDEXES = ("faiss:Index", "faiss:IndexBinary")

ADAPTER = Adapter(
    name="faiss",
    distributions=("faiss-cpu", "faiss-gpu-cu12", "faiss-gpu-cuvs", "faiss-gpu", "faiss"),
    oldest="1.7.4",
    hooks=(
        *(Hook(f"{index}.search", search_answer, queries) for index in _INDEXES),
        *(Hook(f"{index}.range_search", range_answer, queries) for index in _INDEXES),
        Hook("faiss:Index.search_and_reconstruct", search_answer, queries),
        # Training that asks an index for the nearest centroids.
        Hook("faiss.contrib.clustering:kmeans", quiet=True),
    ),
    loaders=tuple(
        Loader(f"faiss:{name}", suffixes=(".faiss", ".index")) for name in ("read_index", "read_index_binary")
    ),
)
