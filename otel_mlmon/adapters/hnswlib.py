"""hnswlib: its graph index, and the one that compares with everything."""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, first_argument, into_instance
from otel_mlmon.observe.answers import Answer, Results


def query_answer(call: Call) -> Answer:
    """``knn_query``: as many as asked for, the nearest first; it raises where there are fewer."""
    labels, distances = call.answer
    return Results([labels.shape[1]] * len(labels), distances, items=labels)


_INDEXES = ("hnswlib:Index", "hnswlib:BFIndex")

ADAPTER = Adapter(
    name="hnswlib",
    distributions=("hnswlib", "chroma-hnswlib"),
    oldest="0.7",
    hooks=tuple(Hook(f"{index}.knn_query", query_answer, first_argument) for index in _INDEXES),
    loaders=tuple(Loader(f"{index}.load_index", loaded=into_instance, suffixes=(".hnsw",)) for index in _INDEXES),
)
