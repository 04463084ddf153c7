"""Prophet: forecasts of fitted models, as they were fitted and as texts and pickles hold them."""

from __future__ import annotations

import functools
import logging
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from prophet import Prophet, diagnostics
from prophet.serialize import model_from_json, model_to_json

from otel_mlmon import semconv
from otel_mlmon.config.schema import Configuration, ModelRule, Segments
from tests.collected import Collected
from tests.frameworks.contract import Case, FrameworkContract, Recorded, of_scores

DAYS = pd.date_range("2026-01-01", periods=60, freq="D")
HISTORY = pd.DataFrame({"ds": DAYS, "y": 20 + 0.1 * np.arange(60) + np.sin(np.arange(60) * 2 * np.pi / 7)})
HISTORY["promotion"] = np.arange(60) % 5 == 0
NEXT = pd.DataFrame({"ds": pd.date_range("2026-03-02", periods=6, freq="D"), "promotion": [True, False] * 3})

logging.getLogger("cmdstanpy").setLevel(logging.ERROR)


@functools.cache
def text() -> str:
    """Return a fitted model: fits are slow."""
    model = Prophet(uncertainty_samples=0, n_changepoints=3)
    model.add_regressor("promotion")
    return model_to_json(model.fit(HISTORY))


def of_text(folder: Path) -> Prophet:
    return model_from_json(text())


def of_pickle(folder: Path) -> Prophet:
    path = folder / "demand.pkl"
    path.write_bytes(pickle.dumps(of_text(folder)))
    with path.open("rb") as file:
        return pickle.load(file)


def with_bounds(folder: Path) -> Prophet:
    model = of_text(folder)
    model.uncertainty_samples = 20
    return model


def of_yhat(answer: Any) -> Recorded:
    return of_scores(answer["yhat"])


def in_the_same_way(model: Prophet) -> Any:
    np.random.seed(1)
    return model.predict(df=NEXT)


def without_the_regressor(model: Prophet) -> Any:
    return model.predict(NEXT[["ds"]])


class TestProphet(FrameworkContract):
    adapter = "prophet"
    cases = {
        "from a text": Case(of_text, lambda m: m.predict(NEXT), of_yhat, "Prophet", "predict", without_the_regressor),
        "from a pickle": Case(
            of_pickle, lambda m: m.predict(NEXT), of_yhat, "demand", "predict", without_the_regressor
        ),
        "with bounds": Case(with_bounds, in_the_same_way, of_yhat, "Prophet", "predict", without_the_regressor),
    }
    training = {
        "a fit": lambda folder: Prophet(uncertainty_samples=0).fit(HISTORY),
        "predictions of the history": lambda folder: of_text(folder).predict(),
        **{
            f"cross-validation, parallel={parallel}": functools.partial(
                lambda parallel, folder: diagnostics.cross_validation(
                    of_text(folder),
                    horizon="5 days",
                    cutoffs=[DAYS[40], DAYS[50]],
                    parallel=parallel,
                    disable_tqdm=True,
                ),
                parallel,
            )
            for parallel in (None, "threads", "processes")
        },
    }


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (NEXT, {"true": 3, "false": 3}),
        # Prophet answers in the order of the dates, whatever order they came in.
        (NEXT[::-1], {semconv.MISSING: 6}),
    ],
)
def test_columns_of_sorted_dates_are_segments(
    dates: pd.DataFrame, expected: dict[str, int], instrument: Callable[..., Collected], tmp_path: Path
) -> None:
    collected = instrument(Configuration(models=(ModelRule(segments=Segments(columns=("promotion",))),)))
    of_text(tmp_path).predict(dates)
    assert collected.counts_by("ml.prediction.value", "ml.segment.promotion") == expected
