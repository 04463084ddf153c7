"""Implicit: how much its recommenders recommend, and for whom there is nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from implicit import evaluation
from implicit.approximate_als import FaissAlternatingLeastSquares
from implicit.cpu.als import AlternatingLeastSquares
from implicit.cpu.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import CosineRecommender
from scipy.sparse import csr_matrix, vstack

from tests.collected import Collected
from tests.frameworks.contract import ONLY, Case, FrameworkContract, Recorded

pytestmark = pytest.mark.filterwarnings(
    "ignore:rank_items is deprecated", "ignore:Method expects CSR", "ignore:overflow", "ignore:OpenBLAS"
)

RANDOM = np.random.default_rng(6)
USERS, ITEMS = 30, 12
LIKES = csr_matrix((RANDOM.random((USERS, ITEMS)) < 0.3).astype(np.float32))
NOTHING = csr_matrix((1, ITEMS), dtype=np.float32)
SEVERAL = np.array([3, 4, 9])


def factors(_folder: Path) -> Any:
    model = AlternatingLeastSquares(factors=4, iterations=3, random_state=1, num_threads=1)
    model.fit(LIKES, show_progress=False)
    return model


def factors_from_file(folder: Path) -> Any:
    factors(folder).save(str(folder / "home.npz"))
    # The library adds the rest of the name.
    return AlternatingLeastSquares.load(str(folder / "home"))


def ranking(_folder: Path) -> Any:
    model = BayesianPersonalizedRanking(factors=4, iterations=3, random_state=1, num_threads=1)
    model.fit(LIKES, show_progress=False)
    return model


def neighbours(_folder: Path) -> Any:
    model = CosineRecommender(K=3, num_threads=1)
    model.fit(LIKES, show_progress=False)
    return model


def neighbours_from_file(folder: Path) -> Any:
    neighbours(folder).save(str(folder / "alike.npz"))
    return CosineRecommender.load(str(folder / "alike.npz"))


def approximate(_folder: Path) -> Any:
    model = FaissAlternatingLeastSquares(factors=4, iterations=3, random_state=1, nlist=2, nprobe=1, use_gpu=False)
    model.fit(LIKES, show_progress=False)
    return model


def got(counts: list[int]) -> Any:
    def recorded(answer: Any) -> Recorded:
        identifiers, scores = answer
        tops = np.atleast_2d(scores)[:, 0] if scores.size else []
        best = [score for score, count in zip(tops, counts, strict=False) if count]
        assert len(counts) == (1 if identifiers.ndim == 1 else len(identifiers))
        return Recorded(len(counts), {ONLY: best} if best else {}, results=counts)

    return recorded


def unknown(model: Any) -> Any:
    return model.recommend(USERS + 5, LIKES[0])


def unread(model: Any) -> Any:
    return model.recommend(0, LIKES[0].toarray())


def unliked(user: int) -> int:
    return ITEMS - LIKES[user].nnz


class TestImplicit(FrameworkContract):
    adapter = "implicit"
    cases = {
        "one user": Case(
            factors, lambda m: m.recommend(0, LIKES[0], N=3), got([3]), "AlternatingLeastSquares", "recommend", unknown
        ),
        "several users": Case(
            factors_from_file,
            lambda m: m.recommend(SEVERAL, LIKES[SEVERAL], N=3),
            got([3, 3, 3]),
            "home",
            "recommend",
            unknown,
        ),
        "fewer than asked for": Case(
            factors,
            lambda m: m.recommend(SEVERAL, LIKES[SEVERAL], N=20),
            got([unliked(user) for user in SEVERAL]),
            "AlternatingLeastSquares",
            "recommend",
            unread,
        ),
        "all filtered": Case(
            factors,
            lambda m: m.recommend(0, LIKES[0], N=4, filter_items=list(range(ITEMS))),
            got([0]),
            "AlternatingLeastSquares",
            "recommend",
            unread,
        ),
        "ranked": Case(
            factors,
            lambda m: m.rank_items(0, LIKES[0], [1, 2, 3]),
            got([3]),
            "AlternatingLeastSquares",
            "rank_items",
            None,
        ),
        "similar item": Case(
            factors, lambda m: m.similar_items(0, N=20), got([ITEMS]), "AlternatingLeastSquares", "similar_items", None
        ),
        "similar items, filtered": Case(
            factors,
            lambda m: m.similar_items([0, 1], N=3, filter_items=list(range(11))),
            got([1, 1]),
            "AlternatingLeastSquares",
            "similar_items",
            None,
        ),
        "similar items among few": Case(
            factors,
            lambda m: m.similar_items([0, 1], N=5, items=[1, 2, 3]),
            got([3, 3]),
            "AlternatingLeastSquares",
            "similar_items",
            None,
        ),
        "similar users": Case(
            factors,
            lambda m: m.similar_users([0, 1], N=4),
            got([4, 4]),
            "AlternatingLeastSquares",
            "similar_users",
            lambda m: m.similar_users(USERS + 5),
        ),
        "similar users among few": Case(
            factors,
            lambda m: m.similar_users(0, 4, None, [5, 6]),
            got([2]),
            "AlternatingLeastSquares",
            "similar_users",
            None,
        ),
        "personalized ranking": Case(
            ranking,
            lambda m: m.recommend([0, 1], LIKES[[0, 1]], N=2),
            got([2, 2]),
            "BayesianPersonalizedRanking",
            "recommend",
            unread,
        ),
        "neighbours of one user": Case(
            neighbours_from_file, lambda m: m.recommend(0, LIKES[0], N=2), got([2]), "alike", "recommend", unread
        ),
        "neighbours of nobody": Case(
            neighbours, lambda m: m.recommend(0, NOTHING, N=2), got([0]), "CosineRecommender", "recommend", unread
        ),
        "neighbours of several users": Case(
            neighbours,
            lambda m: m.recommend([0, 1], vstack([NOTHING, LIKES[1]]).tocsr(), N=2),
            got([0, 2]),
            "CosineRecommender",
            "recommend",
            unread,
        ),
        "an unknown item": Case(
            neighbours,
            lambda m: m.similar_items(ITEMS + 5),
            got([0]),
            "CosineRecommender",
            "similar_items",
            lambda m: m.similar_items(0, recalculate_item=True),
        ),
        "neighbours among few": Case(
            neighbours,
            lambda m: m.recommend(0, NOTHING, items=[2, 3]),
            got([0]),
            "CosineRecommender",
            "recommend",
            None,
        ),
        "by an approximate index": Case(
            approximate, lambda m: m.recommend(0, LIKES[0], N=2), got([2]), "FaissModel", "recommend", unread
        ),
        "several by an approximate index": Case(
            approximate,
            lambda m: m.recommend([0, 1], LIKES[[0, 1]], N=1),
            got([1, 1]),
            "FaissModel",
            "recommend",
            unread,
        ),
    }
    training = {
        "fit": factors,
        "approximate fit": approximate,
        "evaluation": lambda folder: (
            evaluation.precision_at_k(factors(folder), LIKES, LIKES, show_progress=False),
            evaluation.ranking_metrics_at_k(neighbours(folder), LIKES, LIKES, show_progress=False),
        ),
    }


def test_no_identifier_leaves(telemetry: Collected, tmp_path: Path) -> None:
    factors(tmp_path).recommend(17, LIKES[17], N=1, filter_items=[7])
    (span,) = telemetry.spans()
    values = [value for point in telemetry.points("ml.result.count") for value in point.attributes.values()]
    assert not {"7", "17", 7, 17} & {*values, *dict(span.attributes or {}).values()}
