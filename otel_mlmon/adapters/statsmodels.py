"""statsmodels: the results of fits, which are what predicts and forecasts; a forecast has one row a step."""

from __future__ import annotations

import sys
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, Origin, Task, argument, no_inputs
from otel_mlmon.observe.answers import Answer, Probabilities, Scores

CLASSIFIERS = {"BinaryModel", "MultinomialModel", "OrderedModel", "Binomial"}
"""Models, and families of distributions, whose mean is probabilities."""

LINEAR = {"linear", "lin", "linpred"}
"""What asks for the linear predictor, under ``which``; all but it, the mean and probabilities are no predictions."""

WHICH = {*LINEAR, "mean", "prob", "var", "cumprob", "precision", "var_unscaled"}


def task(instance: Any) -> Task:
    """Tell by the model that was fitted and the family of its distribution."""
    model = getattr(instance, "model", None)
    kinds = (*type(model).__mro__, *type(getattr(model, "family", None)).__mro__)
    return Task.CLASSIFICATION if CLASSIFIERS & {kind.__name__ for kind in kinds} else Task.REGRESSION


def origin(instance: Any) -> Origin | None:
    """Return the class of the fitted model, such as ``Logit``: that of the results says less."""
    return Origin(name=type(instance.model).__name__) if hasattr(instance, "model") else None


def wrapped(instance: Any) -> Any:
    """Return the results that a wrapper hands out with their labels, which is what fits return and files hold."""
    return instance._results if isinstance(instance, sys.modules["statsmodels.base.wrapper"].ResultsWrapper) else None


def results(instance: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    """Return the results of a wrapper that has a method of its own."""
    return instance._results


def is_new(_instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether a call is about more than the rows of the fit, whose predictions are diagnostics."""
    if args and args[0] is not None:
        return True
    return any(kwargs.get(name) is not None for name in ("exog", "exog_smooth", "start", "end"))


def predicted(call: Call) -> Answer | None:
    """``predict``, ``forecast``: probabilities of classifiers, else numbers."""
    return _answer(call, call.answer)


def predicted_mean(call: Call) -> Answer | None:
    """``get_prediction``, ``get_forecast``: the mean, of what has intervals, too."""
    answer = call.answer
    return _answer(call, answer.predicted_mean if hasattr(answer, "predicted_mean") else answer.predicted)


def hazards(call: Call) -> Answer:
    """``PHRegResults.predict``: log hazard ratios, or what else is asked for."""
    return Scores(getattr(call.answer, "predicted_values", call.answer))


def vectors(call: Call) -> Answer:
    """``forecast`` of vector models: one output a variable; the middle one of three where intervals are asked for."""
    values = call.answer[0] if isinstance(call.answer, tuple) else call.answer
    return Scores(values, call.instance.names)


def explaining(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the explaining variables."""
    return argument(args, kwargs, "exog", 0)


def _answer(call: Call, values: Any) -> Answer | None:
    model = getattr(call.instance, "model", None)
    named = (value for value in call.args[1:] if isinstance(value, str) and value in WHICH)
    asked = "linear" if call.kwargs.get("linear") else call.kwargs.get("which") or next(named, "mean")
    if call.task is Task.CLASSIFICATION:
        labels = getattr(model, "_ynames_map", None)
        classes = getattr(model, "labels", None) if labels is None else tuple(labels.values())
        if asked in {"mean", "prob"}:
            return Probabilities(values, classes)
        return Scores(values, classes) if asked in LINEAR else None
    names = getattr(model, "endog_names", None) if getattr(values, "ndim", 1) > 1 else None
    return Scores(values, names) if asked in {*LINEAR, "mean"} else None


_RESULTS, _WRAPPER = "statsmodels.base.model:Results", "statsmodels.base.wrapper:ResultsWrapper"
_FORECASTING, _VECTORS = "statsmodels.tsa.forecasting", "statsmodels.tsa.vector_ar"

ADAPTER = Adapter(
    name="statsmodels",
    distributions=("statsmodels",),
    oldest="0.14",
    task=task,
    origin=origin,
    wrapped=wrapped,
    hooks=(
        Hook(f"{_RESULTS}.predict", predicted, explaining, when=is_new),
        Hook(f"{_RESULTS}.get_prediction", predicted_mean, explaining, when=is_new, abstract=True),
        Hook(f"{_RESULTS}.forecast", predicted, explaining, abstract=True),
        Hook(f"{_RESULTS}.get_forecast", predicted_mean, explaining, abstract=True),
        # Wrappers of forecasts keep the two methods that they found when they were made.
        Hook(f"{_WRAPPER}.predict", predicted, explaining, model=results, when=is_new, abstract=True),
        Hook(f"{_WRAPPER}.forecast", predicted, explaining, model=results, abstract=True),
        # Results of their own kind.
        Hook("statsmodels.duration.hazard_regression:PHRegResults.predict", hazards, explaining, when=is_new),
        Hook("statsmodels.genmod.bayes_mixed_glm:BayesMixedGLMResults.predict", predicted, explaining, when=is_new),
        Hook(f"{_VECTORS}.var_model:VARResults.forecast", vectors, no_inputs),
        Hook(f"{_VECTORS}.vecm:VECMResults.predict", vectors, no_inputs),
        Hook(f"{_FORECASTING}.stl:STLForecastResults.forecast", predicted, no_inputs),
        Hook(f"{_FORECASTING}.stl:STLForecastResults.get_prediction", predicted_mean, no_inputs, when=is_new),
        Hook(f"{_FORECASTING}.theta:ThetaModelResults.forecast", predicted, no_inputs),
        # Training, evaluation and plots.
        Hook(f"{_FORECASTING}.theta:ThetaModel.fit", quiet=True),
        Hook("statsmodels.tsa.statespace.mlemodel:MLEResults.extend", quiet=True),
        Hook("statsmodels.gam.gam_cross_validation.gam_cross_validation:BaseCV.fit", quiet=True),
        Hook("statsmodels.graphics.tsaplots:plot_predict", quiet=True),
        Hook(f"{_RESULTS}.plot_predict", quiet=True, abstract=True),
        Hook(f"{_FORECASTING}.theta:ThetaModelResults.plot_predict", quiet=True),
        *(Hook(f"{_VECTORS}.{of}.plot_forecast", quiet=True) for of in ("var_model:VARResults", "vecm:VECMResults")),
    ),
    loaders=(
        Loader("statsmodels.iolib.smpickle:load_pickle", suffixes=(".pickle", ".pkl")),
        # The package has its own name for the function of its module.
        Loader("statsmodels.api:load"),
        Loader("statsmodels.api:load_pickle"),
    ),
)
