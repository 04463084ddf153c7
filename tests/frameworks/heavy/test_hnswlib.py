"""hnswlib: how much a query finds and how near it is."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np
import pytest

from tests.collected import Collected
from tests.frameworks.contract import ONLY, Case, FrameworkContract, Recorded

RANDOM = np.random.default_rng(4)
ROWS = RANDOM.normal(size=(60, 8)).astype(np.float32)
QUERIES = ROWS[:5] + 0.01


def graph(space: str) -> Any:
    index = hnswlib.Index(space=space, dim=8)
    index.init_index(max_elements=100, random_seed=1)
    index.add_items(ROWS)
    return index


def from_file(folder: Path) -> Any:
    graph("l2").save_index(str(folder / "songs.hnsw"))
    index = hnswlib.Index(space="l2", dim=8)
    index.load_index(str(folder / "songs.hnsw"))
    return index


def from_pickle(folder: Path) -> Any:
    path = folder / "words.pkl"
    path.write_bytes(pickle.dumps(graph("cosine")))
    with path.open("rb") as file:
        return pickle.load(file)


def exhaustive(folder: Path) -> Any:
    index = hnswlib.BFIndex(space="ip", dim=8)
    index.init_index(max_elements=100)
    index.add_items(ROWS)
    index.save_index(str(folder / "few.bin"))
    loaded = hnswlib.BFIndex(space="ip", dim=8)
    loaded.load_index(str(folder / "few.bin"), 100)
    return loaded


def found(answer: Any) -> Recorded:
    labels, distances = answer
    return Recorded(len(labels), {ONLY: distances[:, 0]}, results=[labels.shape[1]] * len(labels))


def too_many(index: Any) -> Any:
    return index.knn_query(QUERIES, k=1000)


class TestHnswlib(FrameworkContract):
    adapter = "hnswlib"
    cases = {
        "graph": Case(
            lambda _folder: graph("l2"), lambda i: i.knn_query(QUERIES, k=3), found, "Index", "knn_query", too_many
        ),
        "one result": Case(
            lambda _folder: graph("l2"), lambda i: i.knn_query(QUERIES), found, "Index", "knn_query", too_many
        ),
        "one query": Case(from_file, lambda i: i.knn_query(QUERIES[0], 3), found, "songs", "knn_query", too_many),
        "from a file": Case(from_file, lambda i: i.knn_query(data=QUERIES, k=3), found, "songs", "knn_query", too_many),
        "from a pickle": Case(from_pickle, lambda i: i.knn_query(QUERIES, k=3), found, "words", "knn_query", too_many),
        "exhaustive": Case(exhaustive, lambda i: i.knn_query(QUERIES, k=2), found, "few", "knn_query", None),
        "distances below zero": Case(
            lambda _folder: graph("ip"), lambda i: i.knn_query(QUERIES, k=2), found, "Index", "knn_query", too_many
        ),
    }
    training = {"filling": lambda _folder: graph("l2")}


def test_a_filter_that_leaves_too_few_is_a_failure(telemetry: Collected) -> None:
    index = graph("l2")
    with pytest.raises(RuntimeError):
        index.knn_query(QUERIES, k=3, num_threads=1, filter=lambda label: label == 1)
    (duration,) = telemetry.points("ml.prediction.duration")
    assert (duration.count, duration.attributes.get("error.type")) == (1, "RuntimeError")


def test_an_index_that_is_loaded_anew_has_the_name_of_its_new_file(telemetry: Collected, tmp_path: Path) -> None:
    index = from_file(tmp_path)
    index.knn_query(QUERIES)
    graph("l2").save_index(str(tmp_path / "books.hnsw"))
    index.load_index(str(tmp_path / "books.hnsw"))
    index.knn_query(QUERIES)
    assert telemetry.counts_by("ml.prediction.duration", "ml.model.name") == {"songs": 1, "books": 1}
