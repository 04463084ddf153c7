"""The models of the bench: real ones, trained on the first half of the year and on January alone."""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from attrs import frozen
from numpy.typing import NDArray

from examples.flight_delay.train import build_model


class Trained(Enum):
    """On which months."""

    HALF_YEAR = "January to June"
    JANUARY = "January"

    @property
    def fingerprint(self) -> str:
        """What ``ml.model.info`` tells the models apart by."""
        return sha256(self.value.encode()).hexdigest()[:16]


@frozen(eq=False)
class Models:
    """Both."""

    half_year: Any
    january: Any

    def of(self, trained: Trained) -> Any:
        """Return the model with a certain training."""
        return self.half_year if trained is Trained.HALF_YEAR else self.january


def train(known: pd.DataFrame) -> Models:
    """Fit both models on the first half of the year."""
    january = known[known["month"] == 1]
    return Models(*(build_model().fit(rows, rows["late"].astype(int)) for rows in (known, january)))


def scores(model: Any, rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the probability of "late", shape (rows,)."""
    if rows.empty:
        return np.empty(0)
    answers: NDArray[np.float64] = model.predict_proba(rows)[:, 1]
    return answers
