"""Nannyml's default univariate drift: Jensen-Shannon, and thresholds of three deviations over the reference's hours."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

import pandas as pd
from attrs import frozen

# It would tell its maker of each run, and looks when it is imported.
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml

from bench.alerts.peers.windows import HOUR, LEAST, Run, Verdict

PEER = "nannyml"
METHOD = "jensen_shannon"
TIME = "time"


@frozen(eq=False)
class Nannyml:
    """The fitted calculator."""

    calculator: Any

    def judge(self, run: Run) -> Iterator[Verdict]:
        """Judge each hour."""
        frame = _timed(run)
        if frame.empty:
            return
        rows = frame.groupby(frame[TIME].dt.floor("h")).size()
        found = self.calculator.calculate(frame).filter(period="analysis").to_df()
        for place, start in enumerate(found["chunk", "chunk", "start_date"].dt.floor("h")):
            values = {name: float(found[name, METHOD, "value"].iloc[place]) for name in run.frame.columns}
            drifted = tuple(name for name in run.frame.columns if found[name, METHOD, "alert"].iloc[place])
            yield Verdict(
                PEER,
                run.name,
                start.timestamp() + HOUR,
                int(rows[start]),
                {name: None if math.isnan(value) else value for name, value in values.items()},
                drifted,
            )


def fit(reference: Run) -> Nannyml:
    """Fit on the reference."""
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(reference.frame.columns),
        timestamp_column_name=TIME,
        continuous_methods=[METHOD],
        chunk_period="h",
    )
    return Nannyml(calculator.fit(_timed(reference)))


def _timed(run: Run) -> pd.DataFrame:
    frame = run.frame.assign(**{TIME: pd.to_datetime(run.at, unit="s")})
    rows = frame.groupby(frame[TIME].dt.floor("h"))[TIME].transform("size")
    return frame[rows >= LEAST].reset_index(drop=True)
