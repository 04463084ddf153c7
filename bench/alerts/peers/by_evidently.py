"""Evidently's default drift tests, as ``DataDriftPreset`` and ``ValueDrift`` choose them for a large reference."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pandas as pd
from attrs import frozen

# It would tell its maker of each run, and looks when it is imported.
os.environ["DO_NOT_TRACK"] = "1"

from evidently.legacy.calculations.stattests.registry import StatTest, get_stattest

from bench.alerts.peers.windows import Run, Verdict

PEER = "evidently"
SAMPLE = 5000
"""Rows of the reference, as its documentation advises for data of some size."""

DRIFT_SHARE = 0.5
"""Share of the columns that makes the data set drifted, as in ``DataDriftPreset``."""

NUMERICAL = "num"


@frozen(eq=False)
class Column:
    """A column of the reference, and the test that the library chose for it."""

    name: str
    reference: pd.Series
    test: StatTest

    def measure(self, values: pd.Series) -> tuple[float | None, bool]:
        """Return the test's statistic and its verdict."""
        present = values.dropna()
        if present.empty:
            # Its report ends with an error, which nobody overlooks.
            return None, True
        value, drifted = self.test.func(self.reference, present, NUMERICAL, self.test.default_threshold)
        return float(value), bool(drifted)


@frozen(eq=False)
class Evidently:
    """The tests without the report around them, which takes a second an hour."""

    columns: tuple[Column, ...]

    def judge(self, run: Run) -> Iterator[Verdict]:
        """Judge each hour."""
        for hour in run.hours():
            measured = {column.name: column.measure(hour.rows[column.name]) for column in self.columns}
            drifted = [name for name, (_, drifts) in measured.items() if drifts]
            whole = ["dataset"] if len(drifted) >= DRIFT_SHARE * len(measured) else []
            values = {name: value for name, (value, _) in measured.items()}
            yield Verdict(PEER, run.name, hour.end, len(hour.rows), values, (*whole, *drifted))


def fit(reference: Run) -> Evidently:
    """Choose the tests."""
    sample = reference.frame.sample(SAMPLE, random_state=1)
    columns = {name: sample[name].dropna() for name in sample.columns}
    return Evidently(
        tuple(
            Column(name, values, get_stattest(values, values.iloc[:0], NUMERICAL, None))
            for name, values in columns.items()
        )
    )
