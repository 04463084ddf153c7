"""scikit-learn's nearest neighbours: searches that somebody asks for, and none of those inside other things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn import cluster, manifold
from sklearn.cluster import DBSCAN, MeanShift, SpectralClustering
from sklearn.feature_selection import SelectKBest, mutual_info_classif
from sklearn.impute import KNNImputer
from sklearn.manifold import Isomap
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    LocalOutlierFactor,
    NearestNeighbors,
    RadiusNeighborsClassifier,
    kneighbors_graph,
    radius_neighbors_graph,
)
from sklearn.pipeline import make_pipeline

from tests.collected import Collected
from tests.frameworks.contract import ONLY, Case, FrameworkContract, Recorded, of_labels

RANDOM = np.random.default_rng(5)
ROWS = RANDOM.normal(size=(40, 4))
LABEL = (ROWS[:, 0] > 0).astype(int)
# The last is far from everything.
QUERIES = np.concatenate([ROWS[:5] + 0.01, np.full((1, 4), 50.0)])
WRONG = QUERIES[:, :2]


def searcher(_folder: Path) -> Any:
    return NearestNeighbors(n_neighbors=3, radius=1.5).fit(ROWS)


def from_file(folder: Path) -> Any:
    joblib.dump(searcher(folder), folder / "alike.joblib")
    return joblib.load(folder / "alike.joblib")


def classifier(_folder: Path) -> Any:
    return KNeighborsClassifier(n_neighbors=3).fit(ROWS, LABEL)


def found(answer: Any) -> Recorded:
    distances, neighbours = answer
    return Recorded(len(neighbours), {ONLY: distances[:, 0]}, results=[neighbours.shape[1]] * len(neighbours))


def found_without_distances(answer: Any) -> Recorded:
    return Recorded(len(answer), results=[answer.shape[1]] * len(answer))


def within(answer: Any) -> Recorded:
    distances, neighbours = answer
    return Recorded(
        len(neighbours), {ONLY: [min(one) for one in distances if len(one)]}, results=[len(one) for one in neighbours]
    )


def within_without_distances(answer: Any) -> Recorded:
    return Recorded(len(answer), results=[len(one) for one in answer])


def fail(model: Any) -> Any:
    return model.kneighbors(WRONG)


class TestNearestNeighbours(FrameworkContract):
    adapter = "sklearn"
    cases = {
        "nearest": Case(searcher, lambda m: m.kneighbors(QUERIES), found, "NearestNeighbors", "kneighbors", fail),
        "by keywords": Case(
            searcher, lambda m: m.kneighbors(n_neighbors=2, X=QUERIES), found, "NearestNeighbors", "kneighbors", fail
        ),
        "one query": Case(from_file, lambda m: m.kneighbors(QUERIES[:1]), found, "alike", "kneighbors", fail),
        "of its own rows": Case(searcher, lambda m: m.kneighbors(), found, "NearestNeighbors", "kneighbors", fail),
        "no distances": Case(
            searcher,
            lambda m: m.kneighbors(QUERIES, return_distance=False),
            found_without_distances,
            "NearestNeighbors",
            "kneighbors",
            fail,
        ),
        "of a classifier": Case(
            classifier, lambda m: m.kneighbors(QUERIES), found, "KNeighborsClassifier", "kneighbors", fail
        ),
        "of an outlier detector": Case(
            lambda _folder: LocalOutlierFactor(n_neighbors=3, novelty=True).fit(ROWS),
            lambda m: m.kneighbors(QUERIES),
            found,
            "LocalOutlierFactor",
            "kneighbors",
            fail,
        ),
        "within a radius": Case(
            from_file,
            lambda m: m.radius_neighbors(QUERIES),
            within,
            "alike",
            "radius_neighbors",
            lambda m: m.radius_neighbors(WRONG),
        ),
        "within a radius, in order": Case(
            searcher,
            lambda m: m.radius_neighbors(QUERIES, 2.0, sort_results=True),
            within,
            "NearestNeighbors",
            "radius_neighbors",
            None,
        ),
        "within a radius, equally many": Case(
            searcher, lambda m: m.radius_neighbors(ROWS[:5], 1e-9), within, "NearestNeighbors", "radius_neighbors", None
        ),
        "within a radius, no distances": Case(
            searcher,
            lambda m: m.radius_neighbors(QUERIES, return_distance=False),
            within_without_distances,
            "NearestNeighbors",
            "radius_neighbors",
            None,
        ),
        "a prediction by neighbours": Case(
            classifier, lambda m: m.predict(QUERIES), of_labels, "KNeighborsClassifier", "predict", fail
        ),
    }
    training = {
        "graph": lambda folder: (
            searcher(folder).kneighbors_graph(QUERIES),
            searcher(folder).radius_neighbors_graph(QUERIES),
            kneighbors_graph(ROWS, 3),
            radius_neighbors_graph(ROWS, 1.0),
        ),
        "clusters": lambda _folder: (
            DBSCAN().fit(ROWS),
            MeanShift(bandwidth=cluster.estimate_bandwidth(ROWS)).fit(ROWS),
            SpectralClustering(2, affinity="nearest_neighbors", n_neighbors=20).fit_predict(ROWS),
        ),
        "embeddings": lambda _folder: (
            manifold.trustworthiness(ROWS, Isomap(n_neighbors=30).fit_transform(ROWS)),
            manifold.locally_linear_embedding(ROWS, n_neighbors=5, n_components=2),
        ),
        "features": lambda _folder: (
            mutual_info_classif(ROWS, LABEL),
            SelectKBest(mutual_info_classif, k=2).fit(ROWS, LABEL),
            KNNImputer(n_neighbors=2).fit_transform(ROWS),
        ),
        "fitting and evaluating": lambda folder: (
            LocalOutlierFactor(n_neighbors=3).fit_predict(ROWS),
            make_pipeline(KNeighborsTransformer(n_neighbors=5), KNeighborsRegressor(3, metric="precomputed")).fit(
                ROWS, LABEL
            ),
            classifier(folder).score(ROWS, LABEL),
        ),
    }


def test_a_prediction_that_asks_for_neighbours_is_one_prediction(telemetry: Collected, tmp_path: Path) -> None:
    classifier(tmp_path).predict_proba(QUERIES)
    RadiusNeighborsClassifier(radius=3.0, outlier_label=0).fit(ROWS, LABEL).predict(ROWS)
    LocalOutlierFactor(n_neighbors=3, novelty=True).fit(ROWS).predict(QUERIES)
    counts = telemetry.counts_by("ml.prediction.duration", "ml.operation")
    assert counts == {"predict_proba": 1, "predict": 2}
    assert telemetry.points("ml.result.count") == []


def test_neighbours_of_a_fitted_model_are_recorded_after_quiet_ones(telemetry: Collected, tmp_path: Path) -> None:
    model = searcher(tmp_path)
    model.kneighbors_graph(QUERIES)
    model.kneighbors(QUERIES)
    assert telemetry.count("ml.prediction.duration") == 1


@pytest.mark.parametrize("radius", [0.0, 0.2])
def test_many_queries_within_a_radius_are_counted_one_by_one(telemetry: Collected, radius: float) -> None:
    points = RANDOM.normal(size=(300, 2))
    queries = np.concatenate([points, RANDOM.normal(size=(20_000, 2))])
    distances, neighbours = NearestNeighbors(radius=radius).fit(points).radius_neighbors(queries)
    (results,) = telemetry.points("ml.result.count")
    (value,) = telemetry.points("ml.prediction.value")
    assert (results.count, results.sum) == (len(queries), sum(map(len, neighbours)))
    nearest = [one.min() for one in distances if len(one)]
    assert (value.count, value.sum) == (len(nearest), pytest.approx(sum(nearest)))
