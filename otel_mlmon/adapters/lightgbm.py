"""LightGBM (4.0 and later): the native booster, and its estimators in scikit-learn's manner."""

from __future__ import annotations

import sys
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, Task, argument, first_argument, into_instance
from otel_mlmon.observe.answers import Answer, Labels, Probabilities, Scores

CLASSES = {"binary", "cross_entropy", "multiclass", "multiclassova"}


def task(instance: Any) -> Task:
    """Tell by an estimator's class, and by the objective that a booster's model begins with."""
    if isinstance(instance, sys.modules["lightgbm.basic"].Booster):
        header = instance.model_to_string(num_iteration=1).partition("\n\n")[0].splitlines()
        objectives = [line.partition("=")[2].split()[0] for line in header if line.startswith("objective=")]
        return Task.CLASSIFICATION if CLASSES & set(objectives) else Task.REGRESSION
    is_classifier = isinstance(instance, sys.modules["lightgbm.sklearn"].LGBMClassifier)
    return Task.CLASSIFICATION if is_classifier else Task.REGRESSION


def booster_answer(call: Call) -> Answer | None:
    """``Booster.predict``: by the objective, unless the call asks for raw scores, leaves or contributions."""
    if _asked(call, "pred_leaf", 4) or _asked(call, "pred_contrib", 5):
        return None
    is_raw = _asked(call, "raw_score", 3) or call.task is Task.REGRESSION
    return Scores(call.answer) if is_raw else Probabilities(call.answer)


def estimator_answer(call: Call) -> Answer | None:
    """``LGBMModel.predict``: numbers of regressors and rankers and where raw scores are asked for, else classes."""
    if _asked(call, "pred_leaf", 4) or _asked(call, "pred_contrib", 5):
        return None
    is_raw = _asked(call, "raw_score", 1) or call.task is Task.REGRESSION
    return Scores(call.answer) if is_raw else Labels(call.answer)


def probabilities(call: Call) -> Answer | None:
    """``predict_proba``: shape (rows, classes)."""
    if _asked(call, "pred_leaf", 4) or _asked(call, "pred_contrib", 5):
        return None
    if _asked(call, "raw_score", 1):
        return Scores(call.answer)
    return Probabilities(call.answer, getattr(call.instance, "classes_", None))


def model_file(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the path that a booster is made from; None where it is made from something else."""
    return argument(args, kwargs, "model_file", 2)


def _asked(call: Call, name: str, position: int) -> bool:
    return bool(argument(call.args, call.kwargs, name, position, False))


_BOOSTER, _ESTIMATOR = "lightgbm.basic:Booster", "lightgbm.sklearn:LGBMModel"
# The package has its own names for the functions of its modules.
_TRAINING = ("lightgbm.engine:train", "lightgbm.engine:cv", "lightgbm:train", "lightgbm:cv")

ADAPTER = Adapter(
    name="lightgbm",
    distributions=("lightgbm",),
    oldest="4.0",
    task=task,
    hooks=(
        Hook(f"{_BOOSTER}.predict", booster_answer, first_argument),
        Hook(f"{_ESTIMATOR}.predict", estimator_answer, first_argument),
        Hook(f"{_ESTIMATOR}.predict_proba", probabilities, first_argument, abstract=True),
        Hook(f"{_ESTIMATOR}.fit", trains=True),
        Hook(f"{_BOOSTER}.update", trains=True),
        *(Hook(target, quiet=True) for target in _TRAINING),
    ),
    loaders=(Loader(f"{_BOOSTER}.__init__", source=model_file, loaded=into_instance),),
)
