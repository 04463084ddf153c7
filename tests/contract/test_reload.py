"""``mlmon.yaml`` is read again while a service runs: nothing is lost, nothing is counted twice."""

from __future__ import annotations

import gc
import logging
import threading
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

import otel_mlmon
from otel_mlmon.instrumentor import ModelInstrumentor
from otel_mlmon.observe import row_collector
from otel_mlmon.observe.row_collector import RowCollector

NAMED = "reload: true\nmodels:\n  - match: {class: '*Regress*'}\n    name: %s\n"


@pytest.fixture
def write(tmp_path: Path):
    """Return a function that writes the file as deployments do, in place of the one of before."""
    file = tmp_path / "mlmon.yaml"

    def written(text: str) -> Path:
        new = tmp_path / "new.yaml"
        new.write_text(text)
        return new.replace(file)

    return written


@pytest.fixture
def model() -> LinearRegression:
    return LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])


def calls(collected, name: str) -> int:
    return collected.count("ml.prediction.duration", **{"ml.model.name": name})


def test_a_changed_name_holds_from_the_next_call_on_and_each_prediction_is_counted_once(
    instrument, write, model
) -> None:
    collected = instrument(str(write(NAMED % "old")))
    for _ in range(7):
        model.predict([[0.5]])
    write(NAMED % "new")
    assert calls(collected, "old") == 7
    for _ in range(5):
        model.predict(np.zeros((2, 1)))
    assert (calls(collected, "old"), calls(collected, "new")) == (7, 5)
    assert collected.count("ml.prediction.value", **{"ml.model.name": "new"}) == 10
    assert collected.count("ml.prediction.value") == 17


def test_what_waits_when_the_file_is_read_is_recorded_as_the_one_of_before_says(instrument, write, model) -> None:
    collected = instrument(str(write(NAMED % "old")))
    for _ in range(7):
        model.predict(np.zeros((1, 1)))
    write(NAMED % "new")
    ModelInstrumentor().reload()
    for _ in range(3):
        model.predict(np.zeros((1, 1)))
    assert (calls(collected, "old"), calls(collected, "new")) == (7, 3)


def test_other_thresholds_of_alerts_are_no_change_to_the_service(instrument, write, model, caplog) -> None:
    caplog.set_level(logging.INFO)
    collected = instrument(str(write(NAMED % "same")))
    model.predict([[0.5]])
    write(
        NAMED % "same"
        + "    alerts: {jump: 0.3}\n    baseline: baseline.json\nrunbooks: https://runbooks.example.com\n"
    )
    assert calls(collected, "same") == 1
    model.predict([[0.5]])
    assert calls(collected, "same") == 2
    assert [record.getMessage() for record in caplog.records if "read again" in record.getMessage()] == []


def test_a_broken_file_is_named_once_and_that_of_before_stays_in_force(instrument, write, model, caplog) -> None:
    collected = instrument(str(write(NAMED % "old")))
    file = write(NAMED % "new" + "    segmnts: {}\n    colour: red\n")
    for _ in range(3):
        model.predict([[0.5]])
        assert calls(collected, "new") == 0
    assert calls(collected, "old") == 3
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.startswith(f"otel-mlmon: {file}:5:5: unknown key 'segmnts' in models[0]; did you mean 'segments'?")
    assert line.endswith(" (and 1 more); the configuration of before stays in force")
    write(NAMED % "mended")
    collected.count("ml.prediction.duration")
    model.predict([[0.5]])
    assert calls(collected, "mended") == 1


def test_a_file_that_is_gone_changes_nothing(instrument, write, model, caplog) -> None:
    file = write(NAMED % "old")
    collected = instrument(str(file))
    file.unlink()
    for _ in range(2):
        model.predict([[0.5]])
        collected.count("ml.prediction.duration")
    assert calls(collected, "old") == 2
    assert caplog.records == []


def test_nothing_is_read_again_unless_asked_for(instrument, write, model, monkeypatch) -> None:
    silent = NAMED.replace("reload: true\n", "")
    collected = instrument(str(write(silent % "old")))
    write(silent % "new")
    for _ in range(2):
        model.predict([[0.5]])
        assert calls(collected, "new") == 0
    ModelInstrumentor().uninstrument()
    monkeypatch.setenv("OTEL_MLMON_RELOAD", "1")
    collected = instrument(str(write(silent % "third")))
    model.predict([[0.5]])
    write(silent % "fourth")
    collected.count("ml.prediction.duration")
    model.predict([[0.5]])
    assert calls(collected, "fourth") == 1


def test_a_check_and_a_segment_can_be_added(instrument, write, model) -> None:
    collected = instrument(str(write(NAMED % "m")))
    model.predict([[0.5], [2.0]])
    write(NAMED % "m" + "    segments: {columns: [0]}\n    checks: [{name: high, rule: {above: 1}}]\n")
    collected.count("ml.prediction.duration")
    model.predict([[0.5], [2.0], [3.0]])
    fails = {"ml.quality.check": "high", "ml.quality.outcome": "fail"}
    assert collected.count("ml.quality.checks", **fails) == 2
    assert collected.count("ml.prediction.value", **{"ml.segment.0": "2"}) == 1
    write(NAMED % "m")
    collected.count("ml.prediction.duration")
    model.predict([[2.0]])
    assert collected.count("ml.quality.checks", **fails) == 2


def test_values_that_were_folded_stay_so_where_nothing_changed_about_them(instrument, write, model) -> None:
    text = NAMED + "    segments: {code: [client], max_values: 1}\n"
    collected = instrument(str(write(text % "m")))
    for client in ("ios", "android"):
        with otel_mlmon.segment(client=client):
            model.predict([[0.5]])
    write(text % "m" + "    checks: [{name: high, rule: {above: 1}}]\n")
    collected.count("ml.prediction.duration")
    with otel_mlmon.segment(client="android"):
        model.predict([[0.5]])
    assert collected.count("ml.prediction.duration", **{"ml.segment.client": "other"}) == 2
    assert collected.count("ml.prediction.duration", **{"ml.segment.client": "ios"}) == 1


class SlowRegression(RegressorMixin, BaseEstimator):
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked, self.answer = threading.Event(), threading.Event()

    def fit(self, inputs: object, target: object) -> SlowRegression:
        return self

    def predict(self, inputs: list[list[float]]):
        self.asked.set()
        assert self.answer.wait(30)
        return np.zeros(len(inputs))


def test_a_call_that_runs_while_the_file_is_read_ends_as_the_one_of_before_says(instrument, write) -> None:
    collected = instrument(str(write(NAMED % "old")))
    slow = SlowRegression()
    call = threading.Thread(target=slow.predict, args=([[0.0]],))
    call.start()
    assert slow.asked.wait(30)
    write(NAMED % "new")
    collected.count("ml.prediction.duration")
    slow.answer.set()
    call.join()
    slow.predict([[0.0]])
    assert (calls(collected, "old"), calls(collected, "new")) == (1, 1)


def test_sums_stay_exact_while_threads_call_and_the_file_changes_again_and_again(instrument, write, model) -> None:
    collected = instrument(str(write(NAMED % "m0")))
    each = 1500

    def serve() -> None:
        for _ in range(each):
            model.predict(np.zeros((1, 1)))

    threads = [threading.Thread(target=serve) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 25):
        write(NAMED % f"m{number % 3}" + f"    version: '{number}'\n")
        collected.count("ml.prediction.duration")
    for thread in threads:
        thread.join()
    assert collected.count("ml.prediction.duration") == 4 * each
    assert collected.count("ml.prediction.value") == 4 * each


def test_what_the_configuration_of_before_needed_is_let_go(instrument, write, model, monkeypatch) -> None:
    monkeypatch.setattr(row_collector, "SECONDS_OF_LATE_CALLS", 0.0)
    collected = instrument(str(write(NAMED % "m")))
    before = sum(isinstance(found, RowCollector) for found in gc.get_objects())
    for number in range(20):
        for _ in range(3):
            model.predict(np.zeros((1, 1)))
        write(NAMED % "m" + f"    version: '{number}'\n")
        collected.count("ml.prediction.duration")
    collected.count("ml.prediction.duration")
    collected.count("ml.prediction.duration")
    gc.collect()
    after = sum(isinstance(found, RowCollector) for found in gc.get_objects())
    assert after - before <= 2
