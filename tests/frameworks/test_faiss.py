"""Faiss: how much a search finds and how near it is, in indexes of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from faiss.contrib.clustering import DatasetAssign, kmeans

from tests.collected import Collected
from tests.frameworks.contract import ONLY, Case, FrameworkContract, Recorded

RANDOM = np.random.default_rng(3)
ROWS = RANDOM.normal(size=(60, 8)).astype(np.float32)
# The last is far from everything.
QUERIES = np.concatenate([ROWS[:4] + 0.01, np.full((1, 8), 100.0)]).astype(np.float32)
BITS = RANDOM.integers(0, 256, size=(60, 4), dtype=np.uint8)
WRONG = QUERIES[:, :3]


def flat(_folder: Path) -> Any:
    return filled(faiss.IndexFlatL2(8))


def filled(index: Any) -> Any:
    index.train(ROWS)
    index.add(ROWS)
    return index


def inverted(_folder: Path) -> Any:
    # One list of few rows is looked at: fewer are found than are asked for.
    index = filled(faiss.IndexIVFFlat(faiss.IndexFlatL2(8), 8, 20))
    index.nprobe = 1
    return index


def with_identifiers(_folder: Path) -> Any:
    index = faiss.IndexIDMap(faiss.IndexFlatIP(8))
    index.add_with_ids(ROWS, np.arange(7_000_000_000, 7_000_000_060))
    return index


def from_file(folder: Path) -> Any:
    faiss.write_index(flat(folder), str(folder / "products.faiss"))
    return faiss.read_index(str(folder / "products.faiss"))


def binary_from_file(folder: Path) -> Any:
    index = faiss.IndexBinaryFlat(32)
    index.add(BITS)
    faiss.write_index_binary(index, str(folder / "images.index"))
    return faiss.read_index_binary(str(folder / "images.index"))


def of_results(counts: list[int], best: list[float]) -> Recorded:
    return Recorded(len(counts), {ONLY: best} if best else {}, results=counts)


def found(answer: Any) -> Recorded:
    distances, identifiers = answer[:2]
    counts = [sum(identifier != -1 for identifier in of_one) for of_one in identifiers.tolist()]
    return of_results(counts, [of_one[0] for of_one, count in zip(distances.tolist(), counts, strict=True) if count])


def within(best: Callable[[Any], float]) -> Callable[[Any], Recorded]:
    def recorded(answer: Any) -> Recorded:
        limits, distances, _ = answer
        parts = np.split(distances, limits[1:-1].astype(int))
        return of_results(list(map(len, parts)), [best(part) for part in parts if len(part)])

    return recorded


def case(load: Callable[[Path], Any], name: str, ask: Callable[[Any], Any] | None = None) -> Case:
    asked = ask or (lambda index: index.search(QUERIES, 5))
    return Case(load, asked, found, name, "search", lambda index: index.search(WRONG, 5))


class TestFaiss(FrameworkContract):
    adapter = "faiss"
    cases = {
        "flat": case(flat, "IndexFlatL2"),
        "by keywords": case(flat, "IndexFlatL2", lambda index: index.search(x=QUERIES, k=1)),
        "one query": case(flat, "IndexFlatL2", lambda index: index.search(QUERIES[:1], 5)),
        "fewer than asked for": case(inverted, "IndexIVFFlat", lambda index: index.search(QUERIES, 30)),
        "with identifiers": case(with_identifiers, "IndexIDMap"),
        "by a factory": case(lambda _folder: filled(faiss.index_factory(8, "PCA4,Flat")), "IndexPreTransform"),
        "empty index": case(lambda _folder: faiss.IndexFlatIP(8), "IndexFlatIP"),
        "from a file": case(from_file, "products"),
        "bits": Case(binary_from_file, lambda index: index.search(BITS[:3], 4), found, "images", "search", None),
        "within a radius": Case(
            flat,
            lambda index: index.range_search(QUERIES, 9.0),
            within(min),
            "IndexFlatL2",
            "range_search",
            lambda index: index.range_search(WRONG, 9.0),
        ),
        "more alike than": Case(
            with_identifiers,
            lambda index: index.range_search(-QUERIES, -2.0),
            within(max),
            "IndexIDMap",
            "range_search",
            None,
        ),
        "bits within a radius": Case(
            binary_from_file,
            lambda index: index.range_search(BITS[:3], 12),
            within(min),
            "images",
            "range_search",
            None,
        ),
        "with what was stored": Case(
            flat,
            lambda index: index.search_and_reconstruct(QUERIES, 3),
            found,
            "IndexFlatL2",
            "search_and_reconstruct",
            None,
        ),
    }
    training = {
        "an inverted index": inverted,
        "k-means": lambda _folder: faiss.Kmeans(8, 3, niter=2).train(ROWS),
        "k-means of its contributors": lambda _folder: kmeans(3, DatasetAssign(ROWS), niter=2),
    }


def test_an_index_with_nothing_near_is_asked_in_vain(telemetry: Collected, tmp_path: Path) -> None:
    faiss.IndexFlatIP(8).search(QUERIES, 5)
    flat(tmp_path).range_search(QUERIES[-1:], 1.0)
    assert {
        (point.attributes["ml.operation"], point.count, point.sum) for point in telemetry.points("ml.result.count")
    } == {
        ("search", 5, 0.0),
        ("range_search", 1, 0.0),
    }
    assert telemetry.points("ml.prediction.value") == telemetry.points("ml.monitor.dropped") == []


def test_similarities_below_zero_are_recorded(telemetry: Collected) -> None:
    index = faiss.IndexFlatIP(8)
    index.add(np.ones((2, 8), dtype=np.float32))
    index.search(np.full((1, 8), -1.0, dtype=np.float32), 2)
    (point,) = telemetry.points("ml.prediction.value")
    assert (point.count, point.sum) == (1, -8.0)


def test_a_class_made_later_is_observed(telemetry: Collected) -> None:
    class Catalogue(faiss.IndexFlatL2):
        def search(self, x: Any, k: int) -> Any:
            return super().search(x, k)

    index = Catalogue(8)
    index.add(ROWS)
    index.search(QUERIES, 2)
    (duration,) = telemetry.points("ml.prediction.duration")
    assert (duration.count, duration.attributes["ml.model.name"]) == (1, "Catalogue")


def test_no_identifier_of_what_was_found_leaves(telemetry: Collected, tmp_path: Path) -> None:
    with_identifiers(tmp_path).search(QUERIES, 3)
    (span,) = telemetry.spans()
    values = [value for point in telemetry.points("ml.prediction.value") for value in point.attributes.values()]
    assert not any("70000" in str(value) for value in [*values, *dict(span.attributes or {}).values()])


@pytest.mark.parametrize("width", [1, 10])
def test_many_queries_are_counted_one_by_one(telemetry: Collected, width: int, tmp_path: Path) -> None:
    index = flat(tmp_path)
    queries = RANDOM.normal(size=(100_000, 8)).astype(np.float32)
    distances, _ = index.search(queries, width)
    (results,) = telemetry.points("ml.result.count")
    (value,) = telemetry.points("ml.prediction.value")
    assert (results.count, results.sum) == (100_000, 100_000 * width)
    assert value.count == 100_000
    assert value.sum == pytest.approx(float(distances[:, 0].astype(float).sum()))
