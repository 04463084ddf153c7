"""The replayed telemetry is what the service would have reported, series by series: as the instrumented model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import otel_mlmon
from bench.alerts.answers import Answers, Service, answer
from bench.alerts.counting import MODEL, count, le
from bench.alerts.flights import DAY, ORIGINS, load_year
from bench.alerts.history import History, Key, key, read
from bench.alerts.incidents import INCIDENTS, NOTHING, Incident
from bench.alerts.questions import Questions, ask
from bench.alerts.replay import (
    CONFIGURATION,
    Traffic,
    answers_in,
    healthy_answers,
    service_of,
    write_healthy,
    write_incident,
)
from bench.alerts.stretches import Season, Stretch, stretches
from otel_mlmon import semconv
from otel_mlmon.config.load import load
from otel_mlmon.config.schema import Configuration
from tests.collected import Collected, Point, points_of

FIRST = 3 * DAY + 15 * 60
"""An afternoon and evening come first."""
BY_NAME = {incident.name: incident for incident in (NOTHING, *INCIDENTS)}

SUFFIXES = {
    semconv.PREDICTION_DURATION: "_seconds",
    semconv.PREDICTION_VALUE: "",
    semconv.PREDICTION_CONFIDENCE: "",
    semconv.PREDICTIONS: "_total",
    semconv.QUALITY_CHECKS: "_total",
    semconv.INPUT_VALUES: "_total",
    semconv.INPUT_ROWS: "_total",
    semconv.MODEL_INFO: "",
}
UNHEARD = {semconv.PREDICTION_BATCH_SIZE}
"""Of no use to alerts where each call has one row."""


@pytest.fixture(scope="session")
def service() -> Service:
    with threadpool_limits(1):
        return service_of(load_year())


@pytest.fixture(scope="session")
def asked_once(service: Service) -> Questions:
    return ask(service.flights, 1)


@pytest.mark.parametrize(
    ("incident", "minutes"),
    [
        ("healthy", 2 * DAY),
        ("unit", DAY // 3),
        ("missing_field", DAY // 3),
        ("origin_weather", DAY // 3),
        ("category_encoding", DAY // 3),
        ("check_fails", DAY // 3),
    ],
)
def test_the_totals_are_those_of_the_instrumented_model(
    service: Service, asked_once: Questions, instrument: Callable[..., Collected], incident: str, minutes: int
) -> None:
    questions = asked_once.between(FIRST, FIRST + minutes)
    chance = np.random.default_rng(1)
    with threadpool_limits(1):
        answers = answer(service, questions, BY_NAME[incident], FIRST, chance)
    replayed = dict(_totals_of(answers, minutes))

    loaded = load(str(CONFIGURATION))
    assert not loaded.problems
    watched = instrument(Configuration(models=loaded.configuration.models), spans="off")
    with threadpool_limits(1):
        _really_ask(service, answers, BY_NAME[incident])
    reported = dict(_series_of(points_of(watched.reader.get_metrics_data())))
    durations = {labels for labels in reported if dict(labels)["__name__"].startswith("ml_prediction_duration")}
    countable = {labels for labels in durations if dict(labels)["__name__"].endswith("_count")}
    assert replayed.keys() == reported.keys()
    for labels in reported.keys() - (durations - countable):
        assert replayed[labels] == pytest.approx(reported[labels], rel=1e-12), labels


def _really_ask(service: Service, answers: Answers, incident: Incident) -> None:
    rows = service.flights.rows.iloc[answers.questions.flight]
    given = incident.rows(rows, (answers.questions.minute - FIRST) // 60 * 1.0)
    otel_mlmon.name(service.models.half_year, MODEL)
    for place, origin in enumerate(answers.origin):
        disagrees = bool(answers.questions.disagrees[place])
        with otel_mlmon.segment(origin=ORIGINS[origin]), otel_mlmon.context(disagrees=disagrees):
            service.models.half_year.predict_proba(given.iloc[place : place + 1])


def _totals_of(answers: Answers, minutes: int) -> Iterator[tuple[Key, float]]:
    for series in count(answers, FIRST, minutes):
        yield _without_job(series.labels), float(series.growth.sum())


def _series_of(points: Iterator[Point]) -> Iterator[tuple[Key, float]]:
    """Return the points as Prometheus stores them."""
    for point in points:
        if point.metric in UNHEARD or point.metric == semconv.MODEL_INFO:
            continue
        name = point.metric.replace(".", "_") + SUFFIXES[point.metric]
        labels = {label.replace(".", "_"): text for label, text in point.attributes.items()}
        if not point.bounds:
            yield key({"__name__": name, **labels}), point.count
            continue
        for bound, below in zip((*point.bounds, np.inf), np.cumsum(point.buckets), strict=True):
            yield key({"__name__": name + "_bucket", **labels, "le": le(bound)}), float(below)
        yield key({"__name__": name + "_sum", **labels}), point.sum
        yield key({"__name__": name + "_count", **labels}), point.count


def _without_job(labels: object) -> Key:
    return key({name: text for name, text in dict(labels).items() if name != "job"})  # type: ignore[call-overload]


def test_bounds_are_written_as_prometheus_writes_them() -> None:
    assert [le(bound) for bound in (0.0, 1.0, 0.01, 0.00025, 0.95, 10.0, np.inf)] == [
        "0", "1", "0.01", "0.00025", "0.95", "10", "+Inf",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def traffic(asked_once: Questions) -> Traffic:
    return Traffic(1, asked_once)


@pytest.fixture(scope="session")
def healthy(service: Service, traffic: Traffic, tmp_path_factory: pytest.TempPathFactory) -> History:
    return write_healthy(tmp_path_factory.mktemp("healthy"), healthy_answers(service, traffic))


def _written(
    service: Service, traffic: Traffic, healthy: History, incident: Incident, folder: Path
) -> tuple[Stretch, History]:
    stretch = Stretch(incident, Season.TUNING, 0, 20 * DAY + 9 * 60)
    write_incident(folder, answers_in(stretch, service, traffic), healthy, stretch)
    return stretch, read(folder)


def test_where_nothing_goes_wrong_an_incident_goes_on_as_the_healthy_history_does(
    service: Service, traffic: Traffic, healthy: History, tmp_path: Path
) -> None:
    stretch, overlay = _written(service, traffic, healthy, Incident("unit", "none"), tmp_path)
    for minute in (stretch.start, stretch.start + 1, stretch.start + 700, stretch.end - 1):
        assert overlay.reached(minute) == pytest.approx(healthy.reached(minute), rel=1e-12)


def test_a_canary_begins_with_its_own_series_and_leaves_the_total(
    service: Service, traffic: Traffic, healthy: History, tmp_path: Path
) -> None:
    stretch, overlay = _written(service, traffic, healthy, BY_NAME["canary"], tmp_path)
    last = stretch.end - 1
    calls = [_calls(history, last) for history in (healthy, overlay)]
    assert "2" not in calls[0]
    assert sum(calls[1].values()) == calls[0]["1"]
    asked = calls[0]["1"] - _calls(healthy, stretch.start)["1"]
    assert calls[1]["2"] == pytest.approx(0.2 * asked, rel=0.2)


def test_a_silent_origin_keeps_the_totals_that_it_had(
    service: Service, traffic: Traffic, healthy: History, tmp_path: Path
) -> None:
    stretch, overlay = _written(service, traffic, healthy, BY_NAME["segment_silent"], tmp_path)
    kept = {
        labels: value
        for labels, value in healthy.reached(stretch.start).items()
        if ("ml_segment_origin", "JFK") in labels
    }
    assert kept
    assert kept.items() <= overlay.reached(stretch.end - 1).items()


def _calls(history: History, minute: int) -> dict[str, float]:
    calls: dict[str, float] = {}
    for labels, value in history.reached(minute).items():
        known = dict(labels)
        if known["__name__"] == "ml_prediction_duration_seconds_count":
            calls[known["ml_model_version"]] = calls.get(known["ml_model_version"], 0) + value
    return calls


def test_incidents_begin_in_the_day_and_are_over_within_their_season(asked_once: Questions) -> None:
    planned = list(stretches(asked_once))
    assert planned == list(stretches(asked_once))
    assert len(planned) == len(INCIDENTS) * 2 * 5
    for stretch in planned:
        first, end = stretch.season.minutes
        assert first <= stretch.start < stretch.end <= end
        assert 6 <= stretch.time.hour < 22
