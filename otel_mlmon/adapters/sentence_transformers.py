"""Sentence Transformers: embeddings, of which the length is recorded, and cross encoders that score and rank.

An embedding model breaks by collapsing to zeros or NaN: both are seen in its vectors' Euclidean norm.
"""

from __future__ import annotations

import sys
from math import nan
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Origin
from otel_mlmon.capture.pretrained import origin_of_pretrained
from otel_mlmon.observe.answers import Answer, Named, Probabilities, Results, RowsOnly, Scores


def embeddings(call: Call) -> Answer:
    """``encode``: norms, from shape (rows, dimensions) or (dimensions,); only rows of sparse or quantized vectors."""
    answer = call.answer
    if call.kwargs.get("output_value", "sentence_embedding") != "sentence_embedding":
        return RowsOnly(len(answer) if isinstance(answer, list) else 1)
    if isinstance(answer, list):
        return RowsOnly(len(answer))
    array = _in_memory(answer)
    if array is None or array.dtype.kind != "f" or not array.size:
        return RowsOnly(1 if answer.ndim == 1 and len(answer) else len(answer))
    numpy, table = sys.modules["numpy"], array.reshape(-1, array.shape[-1])
    return Named((("norm", Scores(numpy.sqrt(numpy.einsum("ij,ij->i", table, table)))),))


def pair_scores(call: Call) -> Answer:
    """``predict``: shape (pairs,), or (pairs, labels); without the first axis of an only pair."""
    width = getattr(call.instance, "num_labels", None) or call.instance.config.num_labels
    array = None if isinstance(call.answer, list) else _in_memory(call.answer)
    if array is None:
        is_batch = isinstance(call.answer, list) or call.answer.ndim == (2 if width > 1 else 1)
        return RowsOnly(len(call.answer) if is_batch else 1)
    if width == 1:
        return Scores(array.reshape(-1))
    table, names = array.reshape(-1, width), list(call.instance.config.id2label.values())
    return Probabilities(table, names) if _is_softmax(call) else Scores(table, names)


def ranking(call: Call) -> Answer:
    """``rank``: a query's documents, the best first."""
    return Results([len(call.answer)], [call.answer[0]["score"] if call.answer else nan])


def origin(instance: Any) -> Origin | None:
    """Return where the first model of Transformers in it was loaded from."""
    parts = instance.modules() if hasattr(instance, "modules") else (instance.model,)
    model = next((part for part in parts if hasattr(part, "name_or_path")), None)
    if model is None:
        return None
    return origin_of_pretrained(model.name_or_path, getattr(model.config, "_commit_hash", None))


def _in_memory(answer: Any) -> Any:
    """Return an answer as an array; None where that had to be fetched from a device, or made dense."""
    if not hasattr(answer, "device") or not hasattr(answer, "detach"):
        return answer
    if answer.device.type != "cpu" or answer.is_sparse:
        return None
    return (answer if str(answer.dtype) != "torch.bfloat16" else answer.float()).detach().numpy()


def _is_softmax(call: Call) -> bool:
    if call.kwargs.get("apply_softmax"):
        return True
    given = call.kwargs.get("activation_fn", call.kwargs.get("activation_fct"))
    return type(given).__name__ == "Softmax"


_EMBEDDER, _CROSS = "sentence_transformers:SentenceTransformer", "sentence_transformers:CrossEncoder"
_SPARSE = "sentence_transformers:SparseEncoder"

ADAPTER = Adapter(
    name="sentence_transformers",
    distributions=("sentence-transformers",),
    oldest="3.0",
    origin=origin,
    hooks=(
        Hook(f"{_EMBEDDER}.encode", embeddings),
        Hook(f"{_EMBEDDER}.encode_query", embeddings, since="5.0"),
        Hook(f"{_EMBEDDER}.encode_document", embeddings, since="5.0"),
        *(Hook(f"{_SPARSE}.{name}", embeddings, since="5.0") for name in ("encode", "encode_query", "encode_document")),
        Hook(f"{_CROSS}.predict", pair_scores),
        Hook(f"{_CROSS}.rank", ranking),
        Hook(f"{_EMBEDDER}.fit", quiet=True),
        Hook(f"{_EMBEDDER}.evaluate", quiet=True),
        Hook(f"{_CROSS}.fit", quiet=True),
    ),
)
