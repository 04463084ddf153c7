"""The rows that other tools look at: what the model was given and answered, question by question.

A file a run: ``reference.npz`` (January to June, unseen by the model that scored it), ``healthy.npz`` and one an
incident, which begins with the full hour before it. Each has ``at`` (seconds since 1970, ascending), ``values`` of
shape (rows, columns) and ``columns``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from attrs import frozen
from numpy.typing import NDArray

from bench.alerts.answers import Answers
from bench.alerts.flights import START, STEP, flights_of
from bench.alerts.questions import AHEAD, SEED
from examples.flight_delay.data import FEATURES

COLUMNS = (*FEATURES, "score")


@frozen(eq=False)
class Rows:
    """Rows in order of time."""

    at: NDArray[np.float64]
    values: NDArray[np.float64]

    def of_its_hour_before(self, moment: float) -> Rows:
        """Return those of the hour of the day that a moment is in, up to the moment."""
        begins, ends = np.searchsorted(self.at, (moment - moment % 3600, moment))
        return Rows(self.at[begins:ends], self.values[begins:ends])

    def and_then(self, later: Rows) -> Rows:
        """Return both, one after the other."""
        return Rows(np.concatenate([self.at, later.at]), np.concatenate([self.values, later.values]))


def rows_of(answers: Answers) -> Rows:
    """Return what the model was given and answered."""
    given = answers.rows[FEATURES].to_numpy(dtype=np.float64)[answers.row]
    return Rows(_seconds(answers.questions.minute), np.column_stack([given, answers.score]))


def reference_rows(known: pd.DataFrame, scores: NDArray[np.float64]) -> Rows:
    """Return the known flights, each asked for once."""
    departs = flights_of(known).departs
    moment = departs - np.random.default_rng(SEED).uniform(0, AHEAD, len(known))
    order = np.argsort(moment, kind="stable")
    values = np.column_stack([known[FEATURES].to_numpy(dtype=np.float64), scores])
    return Rows(_seconds(np.floor(moment[order])), values[order])


def write(folder: Path, run: str, rows: Rows) -> None:
    """Write the file of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{run}.npz", at=rows.at, values=rows.values, columns=np.array(COLUMNS))


def _seconds(minute: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    return START.timestamp() + minute.astype(np.float64) * STEP
