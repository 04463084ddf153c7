"""The other tools say what they say themselves: only their reports are left out. In an environment of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.alerts.peers import by_evidently, by_nannyml, fixed
from bench.alerts.peers.windows import HOUR, Run, Verdict

COLUMNS = ["temp", "delay", "score"]


def a_run(name: str, hours: int, shift: float = 0.0) -> Run:
    random = np.random.default_rng(hours)
    at = np.sort(random.uniform(0, hours * HOUR, hours * 60))
    frame = pd.DataFrame(random.normal(shift, 1.0, (len(at), 3)), columns=COLUMNS)
    return Run(name, at, frame.mask(random.random(frame.shape) < 0.05))


@pytest.fixture(scope="module")
def reference() -> Run:
    return a_run("reference", 200)


def test_evidently_is_what_its_own_report_says(reference: Run) -> None:
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=COLUMNS)
    tool = by_evidently.fit(reference)
    known = Dataset.from_pandas(
        pd.DataFrame({column.name: _whole(reference, column) for column in tool.columns}), definition
    )
    run = a_run("later", 3, shift=0.05)
    for hour, verdict in zip(run.hours(), tool.judge(run), strict=True):
        report = Report([DataDriftPreset()]).run(Dataset.from_pandas(hour.rows, definition), known).dict()
        count, *columns = [metric["value"] for metric in report["metrics"]]
        assert list(verdict.values.values()) == pytest.approx(columns)
        assert len([name for name in verdict.drifted if name != "dataset"]) == count["count"]
        assert ("dataset" in verdict.drifted) == (count["share"] >= 0.5)


def _whole(reference: Run, column: by_evidently.Column) -> pd.Series:
    return column.reference.reindex(reference.frame.index)


def test_nannyml_judges_each_hour_and_finds_a_large_change(reference: Run) -> None:
    tool = by_nannyml.fit(reference)
    usual, moved = (list(tool.judge(a_run("later", 5, shift))) for shift in (0.0, 2.0))
    assert [verdict.end for verdict in usual] == [HOUR * (place + 1) for place in range(5)]
    assert sum(len(verdict.drifted) for verdict in usual) <= 1
    assert all(verdict.drifted == tuple(COLUMNS) for verdict in moved)


def test_the_fixed_band_is_that_of_the_hours_before(reference: Run) -> None:
    band = fixed.choose(reference, until=100 * HOUR)
    assert _alarms(band, a_run("later", 20)) <= 1
    assert _alarms(band, a_run("later", 20, shift=1.0)) == 20


def _alarms(band: fixed.Fixed, run: Run) -> int:
    verdicts: list[Verdict] = list(band.judge(run))
    return sum(bool(verdict.drifted) for verdict in verdicts)
