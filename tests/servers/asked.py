"""The model that the servers serve, what it is asked, and what must have been counted of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import joblib
import numpy as np
import pytest
from attrs import frozen
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from otel_mlmon import semconv

from .arrived import Arrived

Rows = list[list[float]]

CLASSES = ("setosa", "versicolor", "virginica")
BATCHES = (1, 5, 1, 32, 2, 1, 7, 1)
"""Rows of requests."""


@frozen(eq=False)
class Iris:
    """A classifier of three classes, in a file from which the servers load it."""

    path: Path
    model: LogisticRegression
    rows: NDArray[np.float64]

    def batches(self, sizes: Sequence[int] = BATCHES) -> list[Rows]:
        """Return inputs of requests."""
        ends = np.cumsum(sizes)
        return [self.rows[end - size : end].tolist() for size, end in zip(sizes, ends, strict=True)]

    def probabilities(self, batch: Rows) -> NDArray[np.float64]:
        """Return what the model answers, shape (rows, classes)."""
        return self.model.predict_proba(np.asarray(batch))


def make_iris(folder: Path) -> Iris:
    """Train the model and save it as ``iris.joblib``."""
    random = np.random.default_rng(11)
    label = random.integers(0, 3, size=150)
    rows = random.normal(size=(150, 4)) + label[:, None] * np.array([1.0, 0.5, 1.5, 2.0])
    model = LogisticRegression(max_iter=500).fit(rows, np.array(CLASSES)[label])
    path = folder / "iris.joblib"
    joblib.dump(model, path)
    return Iris(path, model, rows)


def check_probabilities(arrived: Arrived, answers: Sequence[NDArray[np.float64]]) -> None:
    """Check that what arrived is these answers of ``predict_proba``, each once."""
    assert arrived.failures() == []
    rows = np.concatenate(answers)
    names = {semconv.MODEL_NAME: "iris", semconv.OPERATION: "predict_proba"}
    for attribute, value in names.items():
        assert arrived.counted(semconv.PREDICTION_DURATION, attribute) == {value: len(answers)}
    assert arrived.summed(semconv.PREDICTION_BATCH_SIZE, semconv.MODEL_NAME) == {"iris": len(rows)}
    assert arrived.counted(semconv.PREDICTIONS, semconv.PREDICTION_CLASS) == _by_class(rows)
    assert arrived.counted(semconv.PREDICTION_VALUE, semconv.OUTPUT_NAME) == dict.fromkeys(CLASSES, len(rows))
    assert arrived.summed(semconv.PREDICTION_VALUE, semconv.OUTPUT_NAME) == pytest.approx(
        dict(zip(CLASSES, rows.sum(axis=0), strict=True))
    )
    assert arrived.summed(semconv.PREDICTION_CONFIDENCE, semconv.MODEL_NAME) == pytest.approx(
        {"iris": rows.max(axis=1).sum()}
    )


def _by_class(rows: NDArray[np.float64]) -> dict[str, float]:
    return dict(Counter(CLASSES[index] for index in rows.argmax(axis=1)))
