"""sktime: forecasters alone, composed and in threads; classifiers, regressors and clusterers of series."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import sktime.base
from sklearn.linear_model import LinearRegression, LogisticRegression
from sktime.classification.feature_based import SummaryClassifier
from sktime.clustering.dbscan import TimeSeriesDBSCAN
from sktime.dists_kernels import FlatDist, ScipyDist
from sktime.forecasting.compose import EnsembleForecaster, TransformedTargetForecaster, make_reduction
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.forecasting.naive import NaiveForecaster
from sktime.forecasting.trend import PolynomialTrendForecaster
from sktime.regression.distance_based import KNeighborsTimeSeriesRegressor
from sktime.split import ExpandingWindowSplitter
from sktime.transformations.series.detrend import Detrender

from tests.collected import Collected
from tests.frameworks.contract import Case, FrameworkContract, Recorded, of_labels, of_scores, of_two

MONTHS = pd.period_range("2022-01", periods=48, freq="M")
SEASON = np.sin(np.arange(48) * 2 * np.pi / 12)
SERIES = pd.Series(20 + 0.2 * np.arange(48) + SEASON, MONTHS, name="demand")
PAIR = pd.DataFrame({"demand": SERIES, "price": 9 - 0.1 * SERIES})
STEPS = [1, 2, 3]
SHOPS = pd.concat({name: PAIR[["demand"]] for name in ("north", "south", "west")}, names=["shop", "month"])

RANDOM = np.random.default_rng(2)
CURVES = RANDOM.normal(size=(16, 1, 20)) + np.repeat([0.0, 3.0], 8)[:, None, None]
LABEL = np.repeat(["low", "high"], 8)


def fitted(make: Callable[[], Any], *data: Any) -> Callable[[Path], Any]:
    return lambda folder: make().fit(*data)


def of_file(make: Callable[[], Any], *data: Any) -> Callable[[Path], Any]:
    def reload(folder: Path) -> Any:
        make().fit(*data).save(folder / "outlook")
        return sktime.base.load(str(folder / "outlook"))

    return reload


def in_threads(folder: Path) -> Any:
    forecaster = NaiveForecaster()
    forecaster.set_config(**{"backend:parallel": "threading", "backend:parallel:params": {"n_jobs": 2}})
    return forecaster.fit(SHOPS)


def of_columns(answer: Any) -> Recorded:
    return Recorded(len(answer), {name: answer[name] for name in answer.columns})


def of_intervals(answer: Any) -> Recorded:
    return Recorded(len(answer), {f"0.9.{side}": answer[("demand", 0.9, side)] for side in ("lower", "upper")})


def of_quantiles(answer: Any) -> Recorded:
    return Recorded(len(answer), {str(alpha): answer[("demand", alpha)] for alpha in (0.1, 0.5)})


def of_classes(answer: Any) -> Recorded:
    recorded = of_two(answer)
    labels = np.array(["high", "low"])[np.asarray(answer).argmax(axis=1)]
    return Recorded(recorded.rows, recorded.values, {"": labels}, recorded.confidence)


def ahead(forecaster: Any) -> Any:
    return forecaster.predict(fh=STEPS)


def never(forecaster: Any) -> Any:
    return forecaster.predict(fh="never")


def on_curves(model: Any) -> Any:
    return model.predict(CURVES)


def on_nothing(model: Any) -> Any:
    return model.predict("nothing")


def naive() -> Any:
    return NaiveForecaster(sp=12)


def composed() -> Any:
    return TransformedTargetForecaster(
        [("trend", Detrender(PolynomialTrendForecaster())), ("rest", make_reduction(LinearRegression()))]
    )


def ensemble() -> Any:
    return EnsembleForecaster([("last", NaiveForecaster()), ("trend", PolynomialTrendForecaster())])


def searching() -> Any:
    cv = ExpandingWindowSplitter(initial_window=36, step_length=6, fh=STEPS)
    return ForecastingGridSearchCV(NaiveForecaster(), cv, {"strategy": ["last", "mean"]})


def classifier() -> Any:
    return SummaryClassifier(estimator=LogisticRegression())


class TestSktime(FrameworkContract):
    adapter = "sktime"
    cases = {
        "naive": Case(fitted(naive, SERIES), ahead, of_scores, "NaiveForecaster", "predict", never),
        "from a file": Case(of_file(naive, SERIES), ahead, of_scores, "outlook", "predict", never),
        "several variables": Case(fitted(naive, PAIR), ahead, of_columns, "NaiveForecaster", "predict", never),
        "several series": Case(fitted(naive, SHOPS), ahead, of_scores, "NaiveForecaster", "predict", never),
        "several series in threads": Case(in_threads, ahead, of_scores, "NaiveForecaster", "predict", never),
        "composed": Case(fitted(composed, SERIES), ahead, of_scores, "TransformedTargetForecaster", "predict", never),
        "ensemble": Case(fitted(ensemble, SERIES), ahead, of_scores, "EnsembleForecaster", "predict", never),
        "the best of a search": Case(
            fitted(searching, SERIES), ahead, of_scores, "ForecastingGridSearchCV", "predict", never
        ),
        "intervals": Case(
            fitted(naive, SERIES),
            lambda f: f.predict_interval(fh=STEPS, coverage=0.9),
            of_intervals,
            "NaiveForecaster",
            "predict_interval",
            None,
        ),
        "quantiles": Case(
            fitted(naive, SERIES),
            lambda f: f.predict_quantiles(fh=STEPS, alpha=[0.1, 0.5]),
            of_quantiles,
            "NaiveForecaster",
            "predict_quantiles",
            None,
        ),
        "fitted by the call": Case(
            lambda folder: naive(),
            lambda f: f.fit_predict(SERIES, fh=STEPS),
            of_scores,
            "NaiveForecaster",
            "fit_predict",
            None,
        ),
        "brought up to date by the call": Case(
            fitted(naive, SERIES[:-3], None, STEPS),
            lambda f: f.update_predict_single(SERIES[-3:], fh=STEPS),
            of_scores,
            "NaiveForecaster",
            "update_predict_single",
            None,
        ),
        "classifier": Case(
            fitted(classifier, CURVES, LABEL), on_curves, of_labels, "SummaryClassifier", "predict", on_nothing
        ),
        "classifier's probabilities": Case(
            of_file(classifier, CURVES, LABEL),
            lambda m: m.predict_proba(CURVES),
            of_classes,
            "outlook",
            "predict_proba",
            None,
        ),
        "regressor": Case(
            fitted(KNeighborsTimeSeriesRegressor, CURVES, CURVES.mean(axis=(1, 2))),
            on_curves,
            of_scores,
            "KNeighborsTimeSeriesRegressor",
            "predict",
            on_nothing,
        ),
        "clusterer": Case(
            fitted(lambda: TimeSeriesDBSCAN(FlatDist(ScipyDist()), eps=9), CURVES),
            on_curves,
            of_labels,
            "TimeSeriesDBSCAN",
            "predict",
            on_nothing,
        ),
    }
    training = {
        "fits": lambda folder: [composed().fit(SERIES), searching().fit(SERIES), classifier().fit(CURVES, LABEL)],
        "evaluation": lambda folder: [
            evaluate(naive(), ExpandingWindowSplitter(initial_window=36, step_length=6, fh=STEPS), SERIES),
            evaluate(
                naive(),
                ExpandingWindowSplitter(initial_window=36, step_length=6, fh=STEPS),
                SERIES,
                backend="threading",
            ),
            classifier().fit(CURVES, LABEL).score(CURVES, LABEL),
            naive().fit(SERIES[:-3]).score(SERIES[-3:], fh=STEPS),
        ],
        "updates": lambda folder: [
            composed().fit(SERIES[:-6]).update(SERIES[-6:]),
            naive().fit(SERIES[:-6], fh=[1]).update_predict(SERIES[-6:]),
        ],
        "residuals": lambda folder: naive().fit(SERIES, fh=STEPS).predict_residuals(),
        "a transformer that has a forecaster inside": lambda folder: (
            Detrender(PolynomialTrendForecaster()).fit(SERIES).transform(SERIES)
        ),
    }


def test_a_variance_takes_time_and_has_no_value(telemetry: Collected) -> None:
    naive().fit(SERIES).predict_var(fh=STEPS)
    (duration,) = telemetry.points("ml.prediction.duration")
    assert (duration.count, duration.attributes["ml.operation"]) == (1, "predict_var")
    assert telemetry.points("ml.prediction.value") == []
