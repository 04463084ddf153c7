"""Train the model that says how probably a flight arrives late, and describe what it usually answers.

python -m examples.flight_delay.train --out build/flight-delay
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline

from examples.flight_delay.data import FEATURES, first_half, load_flights

MODEL_FILE = "flight-delay.joblib"
BASELINE_FILE = "baseline.json"
BOUNDS = [0.0, 0.01, *(round(step * 0.05, 2) for step in range(1, 20)), 0.99, 1.0]


def train(out: Path, flights: pd.DataFrame | None = None) -> Path:
    """Fit on January to June, write the model and its baseline into ``out`` and return the model's path."""
    known = first_half(load_flights() if flights is None else flights)
    late = known["late"].astype(int)
    # A model knows the flights it was fitted on too well: each day is scored by one that has not seen it.
    folds = cross_val_predict(
        build_model(), known, late, groups=known["time"].dt.date, cv=GroupKFold(3), method="predict_proba"
    )

    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(build_model().fit(known, late), out / MODEL_FILE)
    baseline = json.dumps(describe(folds[:, 1], known))
    (out / BASELINE_FILE).write_text(baseline, encoding="utf-8")
    return out / MODEL_FILE


def build_model() -> Pipeline:
    """Return the unfitted pipeline: it picks its features out of a frame that may carry more."""
    select = ColumnTransformer([("features", "passthrough", FEATURES)], remainder="drop")
    return Pipeline([("select", select), ("classify", HistGradientBoostingClassifier(random_state=13))])


def describe(scores: np.ndarray, flights: pd.DataFrame) -> dict[str, Any]:
    """Return the distribution of the scores: overall, per origin, and the bare counts of each hour."""
    by_origin = flights.groupby("origin").indices
    by_hour = flights.groupby("time").indices
    return {
        "bounds": BOUNDS,
        "overall": distribution(scores),
        "origin": {str(origin): distribution(scores[rows]) for origin, rows in by_origin.items()},
        "hours": [{"time": str(hour), "counts": counts(scores[rows])} for hour, rows in by_hour.items()],
    }


def distribution(scores: np.ndarray) -> dict[str, Any]:
    """Return the counts, the mean and the share of scores that say "late"."""
    return {
        "rows": len(scores),
        "counts": counts(scores),
        "mean": float(scores.mean()),
        "positive_share": float((scores > 0.5).mean()),
    }


def counts(scores: np.ndarray) -> list[int]:
    """Return how many scores are in ``(bound[i-1], bound[i]]``, from "up to 0" to "above 1"."""
    buckets = np.searchsorted(BOUNDS, scores, side="left")
    return [int(count) for count in np.bincount(buckets, minlength=len(BOUNDS) + 1)]


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and its baseline")
    print(train(parser.parse_args().out))  # noqa: T201


if __name__ == "__main__":
    main()
