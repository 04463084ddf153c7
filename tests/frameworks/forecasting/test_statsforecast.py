"""StatsForecast: many series at once by several models, and models by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, Naive, SeasonalNaive

from tests.collected import Collected
from tests.frameworks.contract import Case, FrameworkContract, Recorded, of_scores

STEPS = 28
SERIES = pd.DataFrame(
    {
        "unique_id": np.repeat(["bread", "milk"], STEPS),
        "ds": np.tile(pd.date_range("2026-01-01", periods=STEPS, freq="D"), 2),
        "y": np.tile(np.sin(np.arange(STEPS) * 2 * np.pi / 7) + 5, 2) + np.repeat([0.0, 10.0], STEPS),
    }
)
MODELS = ("Naive", "SeasonalNaive")


def unfitted(folder: Path | None = None, jobs: int = 1) -> StatsForecast:
    return StatsForecast(models=[Naive(), SeasonalNaive(7)], freq="D", n_jobs=jobs)


def fitted(folder: Path) -> StatsForecast:
    return unfitted().fit(SERIES)


def of_file(folder: Path) -> StatsForecast:
    fitted(folder).save(folder / "demand.pkl")
    return StatsForecast.load(folder / "demand.pkl")


def single(folder: Path) -> Any:
    return AutoETS(season_length=1).fit(SERIES.y.to_numpy()[:STEPS])


def of_models(answer: Any) -> Recorded:
    return Recorded(len(answer), {name: answer[name].to_numpy() for name in MODELS})


class TestStatsForecast(FrameworkContract):
    adapter = "statsforecast"
    cases = {
        "fitted": Case(
            fitted, lambda m: m.predict(h=3), of_models, "StatsForecast", "predict", lambda m: m.predict(h="many")
        ),
        "from a file": Case(of_file, lambda m: m.predict(3), of_models, "demand", "predict", lambda m: m.predict()),
        "with bounds": Case(fitted, lambda m: m.predict(h=3, level=[90]), of_models, "StatsForecast", "predict", None),
        "fitted by the call": Case(
            unfitted,
            lambda m: m.forecast(df=SERIES, h=3),
            of_models,
            "StatsForecast",
            "forecast",
            lambda m: m.forecast(df=SERIES[["ds", "y"]], h=3),
        ),
        "fitted by the call for later": Case(
            unfitted, lambda m: m.fit_predict(df=SERIES, h=3), of_models, "StatsForecast", "fit_predict", None
        ),
        "in processes": Case(
            lambda folder: unfitted(jobs=2),
            lambda m: m.forecast(df=SERIES, h=3),
            of_models,
            "StatsForecast",
            "forecast",
            None,
        ),
        "of a polars frame": Case(
            lambda folder: StatsForecast(models=[Naive(), SeasonalNaive(7)], freq="1d"),
            lambda m: m.forecast(df=pl.from_pandas(SERIES), h=3),
            of_models,
            "StatsForecast",
            "forecast",
            None,
        ),
        "a model by itself": Case(
            single, lambda m: m.predict(h=3)["mean"], of_scores, "AutoETS", "predict", lambda m: m.predict(h="many")
        ),
        "a model by itself, fitted by the call": Case(
            lambda folder: Naive(),
            lambda m: m.forecast(y=SERIES.y.to_numpy(), h=3)["mean"],
            of_scores,
            "Naive",
            "forecast",
            None,
        ),
    }
    training = {
        "a fit": fitted,
        "a fit of a model by itself": single,
        "cross-validation": lambda folder: unfitted().cross_validation(df=SERIES, h=3, n_windows=2),
    }


def test_an_only_model_needs_no_name(telemetry: Collected, tmp_path: Path) -> None:
    model = StatsForecast(models=[Naive(alias="demand")], freq="D").fit(SERIES)
    model.predict(h=3)
    (value,) = telemetry.points("ml.prediction.value")
    assert value.count == 6
    assert "ml.output.name" not in value.attributes
