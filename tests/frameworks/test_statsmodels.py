"""statsmodels: results of regressions, discrete choices and time series, as fits return them and files hold them."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.gam.api import BSplines, GLMGam
from statsmodels.gam.gam_cross_validation.cross_validators import KFold
from statsmodels.gam.gam_cross_validation.gam_cross_validation import MultivariateGAMCV
from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.tsa.forecasting.stl import STLForecast
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.vector_ar.vecm import VECM

import otel_mlmon
from otel_mlmon.config.schema import Configuration, ModelRule, Segments
from tests.collected import Collected
from tests.frameworks.contract import Case, FrameworkContract, Recorded, of_many, of_scores, of_two

RANDOM = np.random.default_rng(3)
ROWS = 80
TABLE = pd.DataFrame({"speed": RANDOM.normal(size=ROWS), "load": RANDOM.normal(size=ROWS)})
TABLE["site"] = RANDOM.choice(["north", "south"], ROWS)
TABLE["delay"] = 2 * TABLE.speed - TABLE.load + RANDOM.normal(size=ROWS)
TABLE["late"] = (TABLE.delay + RANDOM.normal(size=ROWS) > 0).astype(int)
TABLE["calls"] = RANDOM.poisson(np.exp(0.5 * TABLE.speed + 1))
GRADES = pd.cut(TABLE.delay + RANDOM.normal(size=ROWS), 3, labels=["low", "middle", "high"])
MATRIX = sm.add_constant(TABLE[["speed", "load"]].to_numpy())
NEW, FRAME = MATRIX[:5] + 0.1, TABLE[["speed", "load", "site"]][:5]

DAYS = pd.date_range("2026-01-01", periods=ROWS, freq="D")
SEASON = np.sin(np.arange(ROWS) * 2 * np.pi / 7)
SERIES = pd.Series(50 + SEASON + RANDOM.normal(size=ROWS).cumsum() * 0.3, DAYS)
PAIR = pd.DataFrame({"demand": SERIES, "price": 9 - 0.1 * SERIES + RANDOM.normal(size=ROWS)})

BINOMIAL = sm.families.Binomial()


def fitted(make: Callable[[], Any], **options: Any) -> Callable[[Path], Any]:
    def load(folder: Path) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make().fit(**options)

    return load


def of_file(load: Callable[[Path], Any], *, remove_data: bool = False) -> Callable[[Path], Any]:
    def reload(folder: Path) -> Any:
        load(folder).save(folder / "delays.pickle", remove_data=remove_data)
        return sm.load(folder / "delays.pickle")

    return reload


def of_pickle(load: Callable[[Path], Any]) -> Callable[[Path], Any]:
    def reload(folder: Path) -> Any:
        path = folder / "delays.pkl"
        path.write_bytes(pickle.dumps(load(folder)))
        with path.open("rb") as file:
            return pickle.load(file)

    return reload


def of_binary(answer: Any) -> Recorded:
    positive = np.asarray(answer)
    return of_two(np.stack([1 - positive, positive], axis=1))


def of_variables(answer: Any) -> Recorded:
    table = np.asarray(answer[0] if isinstance(answer, tuple) else answer)
    return Recorded(len(table), {"demand": table[:, 0], "price": table[:, 1]})


def on_matrix(results: Any) -> Any:
    return results.predict(NEW)


def on_frame(results: Any) -> Any:
    return results.predict(FRAME)


def ahead(results: Any) -> Any:
    return results.forecast(4)


def too_narrow(results: Any) -> Any:
    return results.predict(NEW[:, :2])


def without_columns(results: Any) -> Any:
    return results.predict(FRAME[["speed"]])


OLS = fitted(lambda: sm.OLS(TABLE.delay, MATRIX))
FORMULA = fitted(lambda: smf.ols("delay ~ speed + load + C(site)", TABLE))
LOGIT = fitted(lambda: smf.logit("late ~ speed + load", TABLE), disp=0)
CHOICE = fitted(lambda: sm.MNLogit(GRADES.astype(str), MATRIX), disp=0)
ORDER = fitted(lambda: OrderedModel(GRADES, TABLE[["speed", "load"]], distr="logit"), disp=0, method="bfgs")
BINARY_GLM = fitted(lambda: smf.glm("late ~ speed + load", TABLE, family=BINOMIAL))
ARIMA = fitted(lambda: sm.tsa.ARIMA(SERIES, order=(1, 1, 0)))
EXPLAINED = fitted(lambda: sm.tsa.SARIMAX(SERIES, exog=SEASON, order=(1, 0, 0)), disp=0)
VECTORS = fitted(lambda: sm.tsa.VAR(PAIR), maxlags=2)
CORRECTED = fitted(lambda: VECM(PAIR, k_ar_diff=1))
MIXED = BinomialBayesMixedGLM.from_formula("late ~ speed + load", {"site": "0 + C(site)"}, TABLE).fit_vb
STL = fitted(lambda: STLForecast(SERIES, sm.tsa.ARIMA, model_kwargs={"order": (1, 0, 0)}, period=7))


class TestStatsmodels(FrameworkContract):
    adapter = "statsmodels"
    cases = {
        "OLS": Case(OLS, on_matrix, of_scores, "OLS", "predict", too_narrow),
        "OLS by a formula": Case(FORMULA, on_frame, of_scores, "OLS", "predict", without_columns),
        "OLS from a file": Case(of_file(OLS), on_matrix, of_scores, "delays", "predict", too_narrow),
        "OLS from a pickle": Case(of_pickle(FORMULA), on_frame, of_scores, "delays", "predict", without_columns),
        "OLS with intervals": Case(
            OLS, lambda r: r.get_prediction(NEW).predicted_mean, of_scores, "OLS", "get_prediction", None
        ),
        "regularised": Case(
            lambda folder: sm.OLS(TABLE.delay, MATRIX).fit_regularized(), on_matrix, of_scores, "OLS", "predict", None
        ),
        "Logit": Case(of_file(LOGIT, remove_data=True), on_frame, of_binary, "delays", "predict", without_columns),
        "Logit with intervals": Case(
            LOGIT,
            lambda r: r.get_prediction(FRAME).predicted,
            of_binary,
            "Logit",
            "get_prediction",
            None,
        ),
        "Logit's linear predictor": Case(
            LOGIT, lambda r: r.predict(FRAME, which="linear"), of_scores, "Logit", "predict", None
        ),
        "MNLogit": Case(
            of_file(CHOICE, remove_data=True),
            on_matrix,
            lambda a: of_many(a, ["high", "low", "middle"]),
            "delays",
            "predict",
            None,
        ),
        "ordered grades": Case(
            ORDER,
            lambda r: r.predict(FRAME[["speed", "load"]]),
            lambda a: of_many(a, ["low", "middle", "high"]),
            "OrderedModel",
            "predict",
            None,
        ),
        "binomial GLM": Case(BINARY_GLM, on_frame, of_binary, "GLM", "predict", without_columns),
        "Poisson": Case(
            fitted(lambda: smf.poisson("calls ~ speed", TABLE), disp=0), on_frame, of_scores, "Poisson", "predict", None
        ),
        "mixed binomial": Case(
            lambda folder: MIXED(), lambda r: r.predict(NEW), of_binary, "BinomialBayesMixedGLM", "predict", None
        ),
        "hazards": Case(
            fitted(lambda: sm.PHReg(TABLE.delay.abs() + 0.1, TABLE[["speed", "load"]].to_numpy())),
            lambda r: r.predict(NEW[:, 1:]).predicted_values,
            of_scores,
            "PHReg",
            "predict",
            None,
        ),
        "ARIMA": Case(of_file(ARIMA), ahead, of_scores, "delays", "forecast", lambda r: r.forecast("never")),
        "ARIMA with intervals": Case(
            ARIMA, lambda r: r.get_forecast(4).predicted_mean, of_scores, "ARIMA", "get_forecast", None
        ),
        "ARIMA from a date": Case(
            ARIMA,
            lambda r: r.predict("2026-03-20", "2026-03-25"),
            of_scores,
            "ARIMA",
            "predict",
            lambda r: r.predict("never"),
        ),
        "SARIMAX": Case(EXPLAINED, lambda r: r.forecast(4, exog=SEASON[:4]), of_scores, "SARIMAX", "forecast", ahead),
        "ETS": Case(fitted(lambda: sm.tsa.ETSModel(SERIES), disp=0), ahead, of_scores, "ETSModel", "forecast", None),
        "Holt and Winters": Case(
            fitted(lambda: sm.tsa.ExponentialSmoothing(SERIES, trend="add")),
            ahead,
            of_scores,
            "ExponentialSmoothing",
            "forecast",
            None,
        ),
        "autoregression": Case(
            fitted(lambda: sm.tsa.AutoReg(SERIES, 2)), ahead, of_scores, "AutoReg", "forecast", None
        ),
        "VARMAX": Case(
            fitted(lambda: sm.tsa.VARMAX(PAIR, order=(1, 0)), disp=0, maxiter=2),
            ahead,
            of_variables,
            "VARMAX",
            "forecast",
            None,
        ),
        "VAR": Case(
            VECTORS,
            lambda r: r.forecast(PAIR.to_numpy()[-2:], 4),
            of_variables,
            "VAR",
            "forecast",
            lambda r: r.forecast(PAIR.to_numpy()[-1:], 4),
        ),
        "VECM with intervals": Case(
            CORRECTED, lambda r: r.predict(4, alpha=0.1), of_variables, "VECM", "predict", None
        ),
        "STL": Case(STL, ahead, of_scores, "ARIMA", "forecast", None),
        "STL with intervals": Case(
            STL, lambda r: r.get_prediction(ROWS, ROWS + 3).predicted_mean, of_scores, "ARIMA", "get_prediction", None
        ),
        "theta": Case(fitted(lambda: ThetaModel(SERIES, period=7)), ahead, of_scores, "ThetaModel", "forecast", None),
    }
    training = {
        "a fit": LOGIT,
        "predictions of the rows of the fit": lambda folder: [
            LOGIT(folder).predict(),
            LOGIT(folder).pred_table(),
            OLS(folder).get_prediction().summary_frame(),
            OLS(folder).get_influence().summary_frame(),
            ARIMA(folder).predict(),
            ARIMA(folder).get_prediction(),
        ],
        "the fit of the theta model": fitted(lambda: ThetaModel(SERIES, period=7)),
        "a model that goes on with new data": lambda folder: fitted(
            lambda: sm.tsa.VARMAX(PAIR[:-1], exog=SEASON[:-1], order=(1, 0)), disp=0, maxiter=2
        )(folder).extend(PAIR[-1:], exog=SEASON[-1:]),
        "cross-validation of an additive model": lambda folder: cross_validate(),
        "plots": lambda folder: [
            sm.graphics.tsa.plot_predict(ARIMA(folder), ROWS, ROWS + 3),
            fitted(lambda: sm.tsa.AutoReg(SERIES, 2))(folder).plot_predict(ROWS, ROWS + 3),
            VECTORS(folder).plot_forecast(3),
            CORRECTED(folder).plot_forecast(3),
        ],
    }


def cross_validate() -> None:
    smoother = BSplines(TABLE[["speed", "load"]], df=[4, 4], degree=[2, 2])
    model = GLMGam(TABLE.delay, smoother=smoother, alpha=[1.0, 1.0])

    def error(expected: Any, found: Any) -> float:
        return float(((np.asarray(expected) - np.asarray(found)) ** 2).mean())

    MultivariateGAMCV(smoother, [1.0, 1.0], GLMGam, error, model.endog, None, KFold(3)).fit()


def test_a_name_given_to_what_a_fit_returned_is_that_of_its_model(telemetry: Collected, tmp_path: Path) -> None:
    results = otel_mlmon.name(OLS(tmp_path), "arrival-delay", version="7")
    OLS(tmp_path).predict(NEW)
    results.predict(NEW)
    versions = {
        point.attributes["ml.model.name"]: point.attributes.get("ml.model.version")
        for point in telemetry.points("ml.prediction.duration")
    }
    assert versions == {"OLS": None, "arrival-delay": "7"}


def test_columns_of_a_frame_are_segments_also_where_rows_have_no_prediction(
    instrument: Callable[..., Collected], tmp_path: Path
) -> None:
    rule = ModelRule(segments=Segments(columns=("site",)))
    results, collected = FORMULA(tmp_path), instrument(Configuration(models=(rule,)))
    frame = TABLE[:10].copy()
    frame.loc[3, "speed"] = np.nan
    answer = results.predict(frame)
    assert answer.isna().tolist() == [index == 3 for index in range(10)]
    found = collected.counts_by("ml.prediction.value", "ml.segment.site")
    assert found == answer.groupby(frame.site).count().to_dict()


def test_expected_frequencies_of_counts_are_no_predictions_but_take_time(telemetry: Collected, tmp_path: Path) -> None:
    results = smf.poisson("calls ~ speed", TABLE).fit(disp=0)
    results.predict(FRAME, which="prob")
    assert telemetry.count("ml.prediction.duration") == 1
    assert telemetry.points("ml.prediction.value") == []


SERVICE = """
import json, sys, warnings
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from otel_mlmon.config.schema import Configuration
from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import points_of

reader = InMemoryMetricReader()
ModelInstrumentor().instrument(config=Configuration(), meter_provider=MeterProvider([reader]))
import numpy as np
import statsmodels.api as sm

warnings.simplefilter("ignore")
sm.load(sys.argv[1]).forecast(3)
sm.tsa.ExponentialSmoothing(np.arange(9.0) ** 0.5, trend="add").fit().predict(9, 12)
points = points_of(reader.get_metrics_data())
print(json.dumps([[point.metric, dict(point.attributes), point.count] for point in points]))
"""


def test_a_service_that_imports_it_after_us_is_observed_the_same(tmp_path: Path) -> None:
    path = tmp_path / "demand.pickle"
    ARIMA(tmp_path).save(path)
    done = subprocess.run([sys.executable, "-c", SERVICE, path], capture_output=True, text=True, check=True)
    points = json.loads(done.stdout)
    found = {
        (attributes["ml.model.name"], attributes["ml.operation"], count)
        for metric, attributes, count in points
        if metric == "ml.prediction.value"
    }
    assert found == {("demand", "forecast", 3), ("ExponentialSmoothing", "predict", 4)}
