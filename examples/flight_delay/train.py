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
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

from examples.flight_delay.data import FEATURES, first_half, load_flights

MODEL_FILE = "flight-delay.joblib"
BASELINE_FILE = "baseline.json"
BOUNDS = [0.0, 0.01, *(round(step * 0.05, 2) for step in range(1, 20)), 0.99, 1.0]


def train(out: Path, flights: pd.DataFrame | None = None) -> Path:
    """Fit on January to June, write the model and its baseline into ``out`` and return the model's path."""
    known = first_half(load_flights() if flights is None else flights)
    # The baseline needs flights that the model has not been fitted on: those it has seen, it knows too well.
    fitted, held_out = train_test_split(known, test_size=0.25, random_state=13, stratify=known["late"])
    model = build_model().fit(fitted, fitted["late"].astype(int))

    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, out / MODEL_FILE)
    baseline = describe(model.predict_proba(held_out)[:, 1], held_out["origin"])
    (out / BASELINE_FILE).write_text(json.dumps(baseline, indent=1) + "\n", encoding="utf-8")
    return out / MODEL_FILE


def build_model() -> Pipeline:
    """Return the unfitted pipeline: it picks its features out of a frame that may carry more."""
    select = ColumnTransformer([("features", "passthrough", FEATURES)], remainder="drop")
    return Pipeline([("select", select), ("classify", HistGradientBoostingClassifier(random_state=13))])


def describe(scores: np.ndarray, origins: pd.Series) -> dict[str, Any]:
    """Return the distribution of the scores, overall and per origin."""
    return {
        "bounds": BOUNDS,
        "overall": distribution(scores),
        "origin": {str(name): distribution(scores[origins == name]) for name in sorted(origins.unique())},
    }


def distribution(scores: np.ndarray) -> dict[str, Any]:
    """Return counts of scores in ``(bound[i-1], bound[i]]``, their mean, and the share predicted late."""
    buckets = np.searchsorted(BOUNDS, scores, side="left")
    return {
        "rows": len(scores),
        "counts": np.bincount(buckets, minlength=len(BOUNDS) + 1).tolist(),
        "mean": float(scores.mean()),
        "positive_share": float((scores > 0.5).mean()),
    }


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model and its baseline")
    print(train(parser.parse_args().out))  # noqa: T201


if __name__ == "__main__":
    main()
