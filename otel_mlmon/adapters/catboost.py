"""CatBoost (1.2 and later): all its models, native or in scikit-learn's manner, are of one family."""

from __future__ import annotations

import sys
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, Task, argument, first_argument, into_instance
from otel_mlmon.observe.answers import Answer, Labels, LogProbabilities, Probabilities, Scores


def task(instance: Any) -> Task:
    """Tell by the class: it decides what is answered when a call does not say."""
    is_classifier = isinstance(instance, sys.modules["catboost.core"].CatBoostClassifier)
    return Task.CLASSIFICATION if is_classifier else Task.REGRESSION


def answer(call: Call) -> Answer:
    """``predict``: by the ``prediction_type`` that the call asks for."""
    default = "Class" if call.task is Task.CLASSIFICATION else "RawFormulaVal"
    kind = argument(call.args, call.kwargs, "prediction_type", 1, default)
    if kind == "Class":
        return Labels(call.answer)
    if kind == "Probability":
        return probabilities(call)
    return log_probabilities(call) if kind == "LogProbability" else Scores(call.answer)


def probabilities(call: Call) -> Answer:
    """``predict_proba``: shape (rows, classes), or (classes,) of an only object."""
    return Probabilities(_rows(call.answer), getattr(call.instance, "classes_", None))


def log_probabilities(call: Call) -> Answer:
    """``predict_log_proba``: as ``predict_proba``."""
    return LogProbabilities(_rows(call.answer), getattr(call.instance, "classes_", None))


def _rows(values: Any) -> Any:
    return values[None] if values.ndim == 1 else values


_MODEL = "catboost.core:CatBoost"
# The package has its own names for the functions of its module.
_TRAINING = ("catboost.core:train", "catboost.core:cv", "catboost:train", "catboost:cv")

ADAPTER = Adapter(
    name="catboost",
    distributions=("catboost",),
    oldest="1.2",
    task=task,
    hooks=(
        Hook(f"{_MODEL}.predict", answer, first_argument),
        Hook(f"{_MODEL}.predict_proba", probabilities, first_argument, abstract=True),
        Hook(f"{_MODEL}.predict_log_proba", log_probabilities, first_argument, abstract=True),
        Hook(f"{_MODEL}.fit", trains=True),
        *(Hook(target, quiet=True) for target in _TRAINING),
    ),
    loaders=(Loader(f"{_MODEL}.load_model", loaded=into_instance),),
)
