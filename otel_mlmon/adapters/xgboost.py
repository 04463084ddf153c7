"""XGBoost (2.1 and later): the native booster, and its estimators in scikit-learn's manner."""

from __future__ import annotations

import json
import sys
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, Task, argument, first_argument, into_instance
from otel_mlmon.observe.answers import Answer, Labels, Probabilities, Scores

NO_PREDICTIONS = ("pred_leaf", "pred_contribs", "approx_contribs", "pred_interactions", "training")
"""What a booster answers with when asked so is leaves and contributions; ``training`` drops trees out."""

CLASSES = {"binary:logistic", "multi:softprob"}
LABELS = {"binary:hinge", "multi:softmax"}


def task(instance: Any) -> Task:
    """Tell by an estimator's class, and by a booster's objective."""
    if isinstance(instance, sys.modules["xgboost.core"].Booster):
        objective = json.loads(instance.save_config())["learner"]["objective"]["name"]
        if objective in CLASSES:
            return Task.CLASSIFICATION
        return Task.GROUPING if objective in LABELS else Task.REGRESSION
    is_classifier = isinstance(instance, sys.modules["xgboost.sklearn"].XGBClassifier)
    return Task.CLASSIFICATION if is_classifier else Task.REGRESSION


def booster_answer(call: Call) -> Answer | None:
    """``Booster.predict`` and ``inplace_predict``: by the objective, unless the call asks for margins."""
    if any(call.kwargs.get(name) for name in NO_PREDICTIONS):
        return None
    if call.kwargs.get("output_margin") or call.kwargs.get("predict_type") == "margin":
        return Scores(call.answer)
    if call.task is Task.CLASSIFICATION:
        return Probabilities(call.answer)
    return Labels(call.answer) if call.task is Task.GROUPING else Scores(call.answer)


def estimator_answer(call: Call) -> Answer:
    """``XGBModel.predict``: numbers of regressors and rankers and where margins are asked for, else classes."""
    margins = argument(call.args, call.kwargs, "output_margin", 1, False)
    return Scores(call.answer) if margins or call.task is Task.REGRESSION else Labels(call.answer)


def probabilities(call: Call) -> Answer:
    """``predict_proba``: shape (rows, classes)."""
    return Probabilities(call.answer, getattr(call.instance, "classes_", None))


_BOOSTER, _ESTIMATOR = "xgboost.core:Booster", "xgboost.sklearn:XGBModel"
# The package has its own names for the functions of its modules.
_TRAINING = ("xgboost.training:train", "xgboost.training:cv", "xgboost:train", "xgboost:cv")

ADAPTER = Adapter(
    name="xgboost",
    distributions=("xgboost", "xgboost-cpu"),
    oldest="2.1",
    task=task,
    hooks=(
        Hook(f"{_BOOSTER}.predict", booster_answer, first_argument),
        Hook(f"{_BOOSTER}.inplace_predict", booster_answer, first_argument),
        Hook(f"{_ESTIMATOR}.predict", estimator_answer, first_argument),
        Hook(f"{_ESTIMATOR}.predict_proba", probabilities, first_argument, abstract=True),
        Hook(f"{_ESTIMATOR}.fit", trains=True),
        Hook(f"{_BOOSTER}.update", trains=True),
        *(Hook(target, quiet=True) for target in _TRAINING),
    ),
    loaders=(
        Loader(f"{_BOOSTER}.load_model", loaded=into_instance),
        Loader(f"{_ESTIMATOR}.load_model", loaded=into_instance),
    ),
)
