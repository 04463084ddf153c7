"""Answers read from exported points."""

from __future__ import annotations

import pytest

from otel_mlmon import semconv
from otel_mlmon.cli.demo.telemetry import LATE, ORIGIN, Telemetry
from otel_mlmon.cli.points import HistogramPoint, NumberPoint, Series

BOUNDS = (0.5,)


def series(metric: str, instance: str = "one", model: str = "delay", **attributes: str) -> Series:
    origin = {ORIGIN: attributes["origin"]} if "origin" in attributes else {}
    predicted = {semconv.PREDICTION_CLASS: attributes["late"]} if "late" in attributes else {}
    return Series(
        instance, semconv.SCOPE, metric, frozenset(({semconv.MODEL_NAME: model} | origin | predicted).items())
    )


def scores(time: int, counts: tuple[int, int], total: float, **attributes: str) -> HistogramPoint:
    return HistogramPoint(series(semconv.PREDICTION_VALUE, **attributes), time, total, BOUNDS, counts)


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry("delay", ("EWR", "JFK"), BOUNDS)


def test_the_newest_point_of_a_series_counts(telemetry):
    telemetry.receive((scores(2, (3, 1), 1.0, origin="JFK"),))
    telemetry.receive((scores(1, (1, 0), 0.2, origin="JFK"),))
    assert telemetry.rows == 4
    assert telemetry.answers().origins["JFK"].mean == 0.25


def test_processes_are_added_since_each_counts_from_zero(telemetry):
    telemetry.receive((scores(1, (3, 1), 1.0, origin="JFK"), scores(1, (2, 0), 0.5, origin="JFK", instance="two")))
    assert telemetry.answers().origins["JFK"].counts.tolist() == [5, 1]


def test_other_models_do_not_count(telemetry):
    telemetry.receive((scores(1, (3, 1), 1.0, origin="JFK", model="price"),))
    assert telemetry.rows == 0


def test_what_was_answered_since_is_the_difference(telemetry):
    telemetry.receive((scores(1, (3, 1), 1.0, origin="JFK"),))
    before = telemetry.answers()
    telemetry.receive((scores(2, (3, 3), 2.6, origin="JFK"), scores(2, (1, 0), 0.1, origin="EWR")))
    since = telemetry.answers().plus(before, -1)
    assert since.overall.counts.tolist() == [1, 2]
    assert since.origins["JFK"].mean == pytest.approx(0.8)


def test_the_share_predicted_late_is_of_all_rows(telemetry):
    late = NumberPoint(series(semconv.PREDICTIONS, late=LATE), 1, 1.0)
    telemetry.receive((scores(1, (3, 1), 1.0, origin="JFK"), late))
    assert telemetry.answers().late_share == 0.25


def test_waiting_for_rows_ends_when_they_do_not_come(telemetry):
    telemetry.receive((scores(1, (3, 1), 1.0, origin="JFK"),))
    assert telemetry.wait_for_rows(4, timeout=0)
    assert not telemetry.wait_for_rows(5, timeout=0.01)
