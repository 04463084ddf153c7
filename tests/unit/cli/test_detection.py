"""The alarm on real flights: quiet in half a year of them, and awake when they are changed."""

from __future__ import annotations

from datetime import datetime

import joblib
import numpy as np
import pandas as pd
import pytest

from examples.flight_delay.train import counts
from otel_mlmon.cli.demo.detection import FAST, SLOW, Watch, learn, trailing_windows
from otel_mlmon.cli.demo.story import STORIES, Incident


@pytest.fixture(scope="module")
def model(assets):
    return joblib.load(assets.model)


@pytest.fixture(scope="module")
def references(assets):
    return {rule: learn(rule, assets.baseline) for rule in (FAST, SLOW)}


def hourly_counts(model, flights: pd.DataFrame) -> np.ndarray:
    scores = model.predict_proba(flights)[:, 1]
    return np.array([counts(scores[rows]) for rows in flights.groupby("time").indices.values()], dtype=float)


def hours_to_alarm(watch: Watch, hours: np.ndarray) -> int | None:
    return next((number for number, hour in enumerate(hours, start=1) if watch.observe(hour).alarm), None)


def watched_for_days(watch: Watch, model, flights: pd.DataFrame, until: datetime) -> None:
    days = flights[(flights["time"] >= until - pd.Timedelta("4D")) & (flights["time"] < until)]
    assert hours_to_alarm(watch, hourly_counts(model, days)) is None


@pytest.mark.parametrize("rule", [FAST, SLOW], ids=lambda rule: rule.name)
def test_half_a_year_of_healthy_flights_raises_no_alarm(rule, references, model, assets):
    healthy = hourly_counts(model, assets.flights)
    assert len(healthy) > 3400
    assert hours_to_alarm(Watch(references[rule]), healthy) is None


@pytest.mark.parametrize("day", [1, 7, 13, 19, 25])
def test_a_unit_change_is_seen_within_hours_whenever_it_begins(day, references, model, assets):
    begins = datetime(2013, 8, day, 10)
    watch = Watch(references[FAST])
    watched_for_days(watch, model, assets.flights, begins)
    after = assets.flights[assets.flights["time"] >= begins].head(1000)
    broken = STORIES[Incident.UNIT_CHANGE].alter(after)
    assert hours_to_alarm(watch, hourly_counts(model, broken)) in {2, 3, 4}


def test_missing_weather_is_seen_within_days(references, model, assets):
    story = STORIES[Incident.MISSING_WEATHER]
    watch = Watch(references[SLOW])
    watched_for_days(watch, model, assets.flights, story.breaks)
    after = assets.flights[assets.flights["time"] >= story.breaks].head(5000)
    hours = hours_to_alarm(watch, hourly_counts(model, story.alter(after)))
    assert hours is not None
    assert 19 < hours < story.longest_incident_hours


def test_the_model_that_learned_nothing_answers_with_one_number(assets):
    answers = joblib.load(assets.broken_model).predict_proba(assets.flights.head(500))[:, 1]
    assert np.ptp(answers) == 0


def test_a_window_has_the_latest_hours_that_hold_enough_rows():
    hourly = np.array([[3.0, 0.0], [1.0, 1.0], [0.0, 5.0]])
    windows, ends = trailing_windows(hourly, rows=4)
    assert ends.tolist() == [1, 2]
    assert windows.tolist() == [[4.0, 1.0], [0.0, 5.0]]


def test_a_watch_begins_anew_after_a_release(references):
    watch = Watch(references[FAST])
    hour = np.zeros(24)
    hour[6] = FAST.rows
    readings = [watch.observe(hour) for _ in range(FAST.in_a_row)]
    watch.restart()
    assert readings[-1].alarm
    assert not watch.observe(hour).alarm
