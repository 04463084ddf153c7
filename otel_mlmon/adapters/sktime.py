"""sktime: forecasters, with one row a step, and classifiers, regressors and clusterers of whole series."""

from __future__ import annotations

from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, argument, first_argument
from otel_mlmon.observe.answers import Answer, Labels, Probabilities, Scores


def forecasts(call: Call) -> Answer | None:
    """Forecasts: shape (steps,) or (steps, variables), also of several series; None for a list of frames."""
    if isinstance(call.answer, list):
        return None
    columns = call.answer.columns if hasattr(type(call.answer), "columns") else None
    return Scores(call.answer, None if columns is None else list(columns))


def bounds(call: Call) -> Answer | None:
    """``predict_quantiles``, ``predict_interval``: an output a quantile or bound, such as ``0.05`` or ``0.9.lower``."""
    columns = call.answer.columns
    first = 1 if columns.get_level_values(0).nunique() == 1 else 0
    return Scores(call.answer, [".".join(map(str, column[first:])) for column in columns])


def scores(call: Call) -> Answer:
    """``predict`` of regressors: shape (series,)."""
    return Scores(call.answer)


def labels(call: Call) -> Answer:
    """``predict`` of classifiers and clusterers: shape (series,)."""
    return Labels(call.answer)


def probabilities(call: Call) -> Answer:
    """``predict_proba``: shape (series, classes)."""
    return Probabilities(call.answer, getattr(call.instance, "classes_", None))


def future(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what explains the steps that are forecast."""
    return argument(args, kwargs, "X", 1)


def archive(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the path of the archive, which may be given without its suffix; None for what is in memory."""
    serial = first_argument(args, kwargs)
    return f"{serial}.zip" if isinstance(serial, str) else None if isinstance(serial, tuple) else serial


_FORECASTER, _TRANSFORMER = (
    "sktime.forecasting.base._base:BaseForecaster",
    "sktime.transformations.base:BaseTransformer",
)
_CLASSIFIER, _REGRESSOR = "sktime.classification.base:BaseClassifier", "sktime.regression.base:BaseRegressor"
_CLUSTERER = "sktime.clustering.base:BaseClusterer"

ADAPTER = Adapter(
    name="sktime",
    distributions=("sktime",),
    oldest="0.24",
    hooks=(
        Hook(f"{_FORECASTER}.predict", forecasts, future),
        Hook(f"{_FORECASTER}.fit_predict", forecasts),
        Hook(f"{_FORECASTER}.update_predict_single", forecasts),
        Hook(f"{_FORECASTER}.predict_quantiles", bounds, future),
        Hook(f"{_FORECASTER}.predict_interval", bounds, future),
        # Variances and distributions have a duration only.
        *(Hook(f"{_FORECASTER}.{method}") for method in ("predict_var", "predict_proba")),
        Hook(f"{_CLASSIFIER}.predict", labels),
        Hook(f"{_CLASSIFIER}.predict_proba", probabilities),
        Hook(f"{_REGRESSOR}.predict", scores),
        Hook(f"{_CLUSTERER}.predict", labels),
        Hook(f"{_CLUSTERER}.predict_proba", probabilities),
        *(Hook(f"{one}.fit", trains=True) for one in (_FORECASTER, _CLASSIFIER, _REGRESSOR, _CLUSTERER)),
        *(Hook(f"{one}.score", quiet=True) for one in (_FORECASTER, _CLASSIFIER, _REGRESSOR, _CLUSTERER)),
        *(Hook(f"{_FORECASTER}.{method}", quiet=True) for method in ("update", "update_predict", "predict_residuals")),
        *(Hook(f"{_CLASSIFIER}.{method}", quiet=True) for method in ("fit_predict", "fit_predict_proba")),
        Hook(f"{_CLUSTERER}.fit_predict", quiet=True),
        *(
            Hook(f"{_TRANSFORMER}.{method}", quiet=True)
            for method in ("fit", "transform", "fit_transform", "inverse_transform", "update")
        ),
        # Workers, which may run in threads that know nothing of the call that they work for.
        Hook("sktime.datatypes._vectorize:VectorizedDF._vectorize_est_single", quiet=True),
        Hook("sktime.forecasting.model_evaluation._functions:_evaluate_window", quiet=True),
    ),
    loaders=(
        Loader("sktime.base._serialize:load", source=archive),
        # The package has its own name for the function of its module.
        Loader("sktime.base:load", source=archive),
    ),
)
