"""scikit-learn, and every estimator of others that derives from its ``BaseEstimator`` (1.4 and later)."""

from __future__ import annotations

import sys
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Task, first_argument
from otel_mlmon.observe.answers import Answer, Labels, LogProbabilities, Probabilities, Results, Scores


def task(instance: Any) -> Task:
    """Ask scikit-learn what an estimator is for: pipelines and searches answer for their last estimator."""
    base = sys.modules["sklearn.base"]
    if base.is_classifier(instance):
        return Task.CLASSIFICATION
    if base.is_regressor(instance):
        return Task.REGRESSION
    is_clusterer = getattr(base, "is_clusterer", _has_cluster_type)
    return Task.GROUPING if is_clusterer(instance) or base.is_outlier_detector(instance) else Task.UNKNOWN


def _has_cluster_type(instance: Any) -> bool:
    return getattr(instance, "_estimator_type", None) == "clusterer"


def labels_or_scores(call: Call) -> Answer:
    """``predict``: numbers of a regressor, classes of everything else."""
    return Scores(call.answer) if call.task is Task.REGRESSION else Labels(call.answer)


def probabilities(call: Call) -> Answer:
    """``predict_proba``: shape (rows, classes), or a list of these, one an output."""
    return Probabilities(call.answer, getattr(call.instance, "classes_", None))


def log_probabilities(call: Call) -> Answer:
    """``predict_log_proba``: as ``predict_proba``."""
    return LogProbabilities(call.answer, getattr(call.instance, "classes_", None))


def class_scores(call: Call) -> Answer:
    """``decision_function``: shape (rows,) or (rows, classes)."""
    return Scores(call.answer, getattr(call.instance, "classes_", None))


def scores(call: Call) -> Answer:
    """``score_samples``: shape (rows,)."""
    return Scores(call.answer)


def nearest(call: Call) -> Answer:
    """``kneighbors``: as many as asked for, the nearest first."""
    distances, neighbours = call.answer if isinstance(call.answer, tuple) else (None, call.answer)
    return Results([neighbours.shape[1]] * len(neighbours), distances, items=neighbours)


def within_radius(call: Call) -> Answer:
    """``radius_neighbors``: as many as there are, an array a query."""
    distances, neighbours = call.answer if isinstance(call.answer, tuple) else (None, call.answer)
    return Results([len(of_one) for of_one in neighbours], distances, best="smallest")


_ESTIMATOR = "sklearn.base:BaseEstimator"
_NEIGHBOURS = "sklearn.neighbors._base"
# The packages have their own names for the functions of their modules.
_NEIGHBOUR_ANALYSES = (
    "sklearn.feature_selection._mutual_info:_estimate_mi",
    *(f"sklearn.manifold{module}:trustworthiness" for module in ("._t_sne", "")),
    *(f"sklearn.manifold{module}:locally_linear_embedding" for module in ("._locally_linear", "")),
    *(f"sklearn.cluster{module}:estimate_bandwidth" for module in ("._mean_shift", "")),
    f"{_NEIGHBOURS}:KNeighborsMixin.kneighbors_graph",
    f"{_NEIGHBOURS}:RadiusNeighborsMixin.radius_neighbors_graph",
)
"""Of data as a whole, by its neighbours: none of these answers anybody."""

ADAPTER = Adapter(
    name="sklearn",
    distributions=("scikit-learn",),
    oldest="1.4",
    task=task,
    hooks=(
        Hook(f"{_ESTIMATOR}.predict", labels_or_scores, first_argument, abstract=True),
        Hook(f"{_ESTIMATOR}.predict_proba", probabilities, first_argument, abstract=True),
        Hook(f"{_ESTIMATOR}.predict_log_proba", log_probabilities, first_argument, abstract=True),
        Hook(f"{_ESTIMATOR}.decision_function", class_scores, first_argument, abstract=True),
        Hook(f"{_ESTIMATOR}.score_samples", scores, first_argument, abstract=True),
        Hook(f"{_NEIGHBOURS}:KNeighborsMixin.kneighbors", nearest, first_argument),
        Hook(f"{_NEIGHBOURS}:RadiusNeighborsMixin.radius_neighbors", within_radius, first_argument),
        *(Hook(target, quiet=True) for target in _NEIGHBOUR_ANALYSES),
        *(Hook(f"{_ESTIMATOR}.{method}", trains=True, abstract=True) for method in ("fit", "partial_fit")),
        *(
            Hook(f"{_ESTIMATOR}.{method}", quiet=True, abstract=True)
            for method in ("fit_predict", "fit_transform", "fit_resample", "transform", "score")
        ),
        # Evaluation, and the threads of an ensemble, which know nothing of the call that they work for.
        Hook("sklearn.utils.parallel:_FuncWrapper.__call__", quiet=True),
        Hook("sklearn.metrics._scorer:_BaseScorer.__call__", quiet=True),
        Hook("sklearn.model_selection._validation:_fit_and_score", quiet=True),
    ),
)
