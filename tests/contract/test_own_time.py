"""What the instrumentation itself costs is a metric, for those who ask."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import pytest
from sklearn.linear_model import LogisticRegression

from tests.collected import Collected
from tests.conftest import Table

CALLS = 50


def _predict(table: Table) -> float:
    model = LogisticRegression().fit(table.inputs, table.label)
    started = perf_counter()
    for _ in range(CALLS):
        model.predict_proba(table.inputs[:1])
    return perf_counter() - started


def test_own_time_is_there_on_request_and_a_part_of_the_calls(
    instrument: Callable[..., Collected], table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_MLMON_SELF", "1")
    telemetry = instrument()
    seconds = _predict(table)
    telemetry.points("ml.monitor.time")
    # A flush counts at the collection after its own.
    assert telemetry.total("ml.monitor.time", ml_monitor_stage="flush") > 0
    own = telemetry.total("ml.monitor.time", ml_monitor_stage="call")
    assert 0 < own < seconds
    assert telemetry.count("ml.prediction.duration") == CALLS


def test_own_time_is_not_there_unasked(telemetry: Collected, table: Table) -> None:
    _predict(table)
    assert telemetry.points("ml.monitor.time") == []
    assert telemetry.points("ml.monitor.time") == []


def test_a_failing_model_costs_own_time_and_fails_as_ever(
    instrument: Callable[..., Collected], table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_MLMON_SELF", "1")
    telemetry = instrument()
    with pytest.raises(ValueError, match="features"):
        LogisticRegression().fit(table.inputs, table.label).predict_proba(table.inputs[:, :2])
    assert telemetry.total("ml.monitor.time", ml_monitor_stage="call") > 0
