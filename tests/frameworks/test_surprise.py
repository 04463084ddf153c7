"""Surprise: the ratings it estimates, and those that it cannot."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from surprise import SVD, AlgoBase, Dataset, KNNBasic, Reader, accuracy, dump
from surprise.model_selection import GridSearchCV, cross_validate, train_test_split

from tests.collected import Collected
from tests.frameworks.contract import ONLY, Case, FrameworkContract, Recorded

RANDOM = np.random.default_rng(8)
RATINGS = [
    (f"user-{user}", f"item-{item}", float(RANDOM.integers(1, 6)))
    for user in range(12)
    for item in range(10)
    if (user + item) % 3
]


DATA = Dataset.load_from_df(pd.DataFrame(RATINGS, columns=["user", "item", "rating"]), Reader(rating_scale=(1, 5)))
TRAINED = DATA.build_full_trainset()


def fitted(algorithm: AlgoBase) -> Any:
    return algorithm.fit(TRAINED)


def factors(_folder: Path) -> Any:
    return fitted(SVD(n_factors=3, n_epochs=3, random_state=1))


def neighbours(_folder: Path) -> Any:
    return fitted(KNNBasic(k=3, verbose=False))


def from_dump(folder: Path) -> Any:
    path = str(folder / "ratings.dump")
    dump.dump(path, predictions=factors(folder).test(TRAINED.build_testset()), algo=factors(folder))
    _, algorithm = dump.load(path)
    return algorithm


def from_pickle(folder: Path) -> Any:
    path = folder / "films.pkl"
    path.write_bytes(pickle.dumps(factors(folder)))
    with path.open("rb") as file:
        return pickle.load(file)


def estimated(answer: Any) -> Recorded:
    source = "fallback" if answer.details["was_impossible"] else "model"
    return Recorded(1, {ONLY: [answer.est]}, {"source": [source]})


def fail(algorithm: Any) -> Any:
    return algorithm.predict(["no", "hash"], "item-1")


def search(_folder: Path) -> None:
    GridSearchCV(SVD, {"n_epochs": [1, 2]}, measures=["rmse"], cv=2, refit=True).fit(DATA)


def evaluate(_folder: Path) -> None:
    training, test = train_test_split(DATA, test_size=0.25, random_state=1)
    accuracy.rmse(SVD(n_epochs=2).fit(training).test(test), verbose=False)


class TestSurprise(FrameworkContract):
    adapter = "surprise"
    cases = {
        "factors": Case(factors, lambda m: m.predict("user-1", "item-2"), estimated, "SVD", "predict", fail),
        "neighbours": Case(
            neighbours, lambda m: m.predict(uid="user-1", iid="item-2", r_ui=4), estimated, "KNNBasic", "predict", fail
        ),
        "impossible": Case(neighbours, lambda m: m.predict("nobody", "item-2"), estimated, "KNNBasic", "predict", fail),
        "from a dump": Case(from_dump, lambda m: m.predict("user-1", "item-2"), estimated, "ratings", "predict", fail),
        "from a pickle": Case(
            from_pickle, lambda m: m.predict("user-1", "item-2"), estimated, "films", "predict", fail
        ),
    }
    training = {
        "cross-validation": lambda _folder: cross_validate(SVD(n_epochs=1), DATA, cv=2),
        "search": search,
        "evaluation": evaluate,
    }


def test_the_share_of_fallbacks_is_counted(telemetry: Collected, tmp_path: Path) -> None:
    algorithm = neighbours(tmp_path)
    answers = [algorithm.predict(user, "item-2") for user in ("user-1", "nobody", "user-3", "no one")]
    assert telemetry.counts_by("ml.predictions", "ml.prediction.class") == {"model": 2, "fallback": 2}
    (value,) = telemetry.points("ml.prediction.value")
    assert (value.count, value.sum) == (4, sum(answer.est for answer in answers))
    assert "ml.output.name" not in value.attributes


def test_an_algorithm_of_ones_own_is_observed(telemetry: Collected) -> None:
    class Always(AlgoBase):
        def estimate(self, user: Any, item: Any) -> float:
            return 3.0

    fitted(Always()).predict("user-1", "item-2")
    (duration,) = telemetry.points("ml.prediction.duration")
    assert (duration.count, duration.attributes["ml.model.name"]) == (1, "Always")


def test_no_identifier_leaves(telemetry: Collected, tmp_path: Path) -> None:
    factors(tmp_path).predict("user-7", "item-3")
    (span,) = telemetry.spans()
    points = [*telemetry.points("ml.prediction.value"), *telemetry.points("ml.predictions")]
    values = {value for point in points for value in point.attributes.values()}
    assert not {"user-7", "item-3"} & {*values, *dict(span.attributes or {}).values()}
