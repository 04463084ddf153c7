"""LightFM: rankings for one user, and scores of pairs."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from lightfm import LightFM
from lightfm.evaluation import auc_score, precision_at_k
from scipy.sparse import coo_matrix

from tests.collected import Collected
from tests.frameworks.contract import ONLY, Case, FrameworkContract, Recorded, of_scores

RANDOM = np.random.default_rng(9)
USERS, ITEMS = 20, 10
LIKES = coo_matrix((RANDOM.random((USERS, ITEMS)) < 0.3).astype(np.int32))
ALL = np.arange(ITEMS)


def trained(_folder: Path) -> Any:
    return LightFM(no_components=4, loss="warp", random_state=1).fit(LIKES, epochs=2)


def from_pickle(folder: Path) -> Any:
    path = folder / "shop.pickle"
    path.write_bytes(pickle.dumps(trained(folder)))
    with path.open("rb") as file:
        return pickle.load(file)


def ranking(answer: Any) -> Recorded:
    return Recorded(1, {ONLY: [answer.max()]}, results=[len(answer)])


def fail(model: Any) -> Any:
    return model.predict([0, 1], [1])


class TestLightFM(FrameworkContract):
    adapter = "lightfm"
    cases = {
        "one user": Case(trained, lambda m: m.predict(3, ALL), ranking, "LightFM", "predict", fail),
        "one user by keywords": Case(
            from_pickle, lambda m: m.predict(item_ids=ALL[:4], user_ids=3), ranking, "shop", "predict", fail
        ),
        "pairs": Case(trained, lambda m: m.predict([0, 0, 5], [1, 2, 3]), of_scores, "LightFM", "predict", fail),
    }
    training = {
        "fit": lambda folder: trained(folder).fit_partial(LIKES),
        "evaluation": lambda folder: (
            precision_at_k(trained(folder), LIKES, k=3),
            auc_score(trained(folder), LIKES),
            trained(folder).predict_rank(LIKES.tocsr()),
        ),
    }


def test_no_identifier_leaves(telemetry: Collected, tmp_path: Path) -> None:
    trained(tmp_path).predict(17, [7])
    (span,) = telemetry.spans()
    values = [value for point in telemetry.points("ml.result.count") for value in point.attributes.values()]
    assert not {"7", "17", 7, 17} & {*values, *dict(span.attributes or {}).values()}
