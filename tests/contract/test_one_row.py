"""Answers of one row wait to be read together, and nobody can tell."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression, LogisticRegression

import otel_mlmon
from otel_mlmon.config.schema import Configuration, ModelRule, Segments
from otel_mlmon.observe.row_collector import MAX_WAITING, MAX_WAITING_NUMBERS, Waiting
from tests.collected import Collected
from tests.conftest import Table


@pytest.mark.parametrize("operation", ["predict", "predict_proba", "decision_function"])
def test_rows_one_by_one_and_as_a_batch_give_the_same_points(
    operation: str, telemetry: Collected, table: Table
) -> None:
    names = np.array(["early", "late", "never"])[np.arange(len(table)) % 3]
    single, batch = (
        otel_mlmon.name(LogisticRegression().fit(table.inputs, names), called) for called in ("single", "batch")
    )
    for row in table.inputs:
        getattr(single, operation)(row[None])
    getattr(batch, operation)(table.inputs)
    for metric in ("ml.prediction.value", "ml.predictions", "ml.prediction.confidence"):
        found = [
            {
                (point.attributes.get("ml.output.name"), point.attributes.get("ml.prediction.class")): (
                    point.count,
                    point.buckets,
                    pytest.approx(point.sum),
                    pytest.approx(point.least),
                    pytest.approx(point.most),
                )
                for point in telemetry.points(metric, ml_model_name=called)
            }
            for called in ("single", "batch")
        ]
        assert found[0] == found[1]
    assert telemetry.count("ml.prediction.duration", ml_model_name="single") == len(table)
    assert telemetry.total("ml.prediction.batch.size", ml_model_name="single") == len(table)


def test_a_model_trained_anew_counts_under_its_classes_of_then(telemetry: Collected, table: Table) -> None:
    model = LogisticRegression().fit(table.inputs, np.where(table.label, "yes", "no"))
    for row in table.inputs[:10]:
        model.predict_proba(row[None])
    model.fit(table.inputs, np.where(table.label, "spam", "ham"))
    for row in table.inputs[:7]:
        model.predict_proba(row[None])
    found = telemetry.counts_by("ml.predictions", "ml.prediction.class")
    assert found["yes"] + found["no"] == 10
    assert found["spam"] + found["ham"] == 7


def test_models_of_one_name_keep_their_own_classes(telemetry: Collected, table: Table) -> None:
    first = LogisticRegression().fit(table.inputs, np.where(table.label, "yes", "no"))
    second = LogisticRegression().fit(table.inputs, np.where(table.label, "spam", "ham"))
    for row in table.inputs[:10]:
        first.predict_proba(row[None])
        second.predict_proba(row[None])
    found = telemetry.counts_by("ml.predictions", "ml.prediction.class")
    assert found["yes"] + found["no"] == found["spam"] + found["ham"] == 10


def test_the_rows_of_a_model_that_is_gone_are_counted(telemetry: Collected, table: Table) -> None:
    for _ in range(5):
        model = LinearRegression().fit(table.inputs, table.number)
        for row in table.inputs[:3]:
            model.predict(row[None])
        del model
        gc.collect()
    assert telemetry.count("ml.prediction.value") == 15
    assert telemetry.count("ml.prediction.value") == 15


def test_more_rows_than_may_wait_are_recorded_without_a_collection(telemetry: Collected, table: Table) -> None:
    model = LinearRegression().fit(table.inputs, table.number)
    for _ in range(3 * MAX_WAITING + 5):
        model.predict(table.inputs[:1])
    assert telemetry.count("ml.prediction.value") == 3 * MAX_WAITING + 5


class Changing(ClassifierMixin, BaseEstimator):
    """Answers with what comes next."""

    classes_ = np.array(["a", "b"])

    def __init__(self, answers: Any = None) -> None:
        self.answers = answers

    def predict_proba(self, inputs: Any) -> Any:
        return next(self.answers)


def test_answers_of_changing_shape_and_type_are_all_counted(telemetry: Collected) -> None:
    two, three = np.array([[0.4, 0.6]]), np.array([[0.2, 0.3, 0.5]])
    answers = [two, two, three, two.astype(np.float32), two.tolist(), None, three, np.array([[1, 0]]), two, two]
    model = Changing(iter(answers))
    for _ in answers:
        model.predict_proba([[1]])
    assert telemetry.count("ml.prediction.duration") == 10
    assert telemetry.counts_by("ml.predictions", "ml.prediction.class") == {"b": 6, "2": 2, "a": 1}
    assert telemetry.count("ml.monitor.dropped", ml_monitor_reason="unreadable") == 1


def test_a_row_of_nan_among_waiting_ones_is_a_missing_class(telemetry: Collected) -> None:
    good, bad = np.array([[0.4, 0.6]]), np.array([[np.nan, 0.6]])
    model = Changing(iter([good, good, bad, good]))
    for _ in range(4):
        model.predict_proba([[1]])
    assert telemetry.counts_by("ml.predictions", "ml.prediction.class") == {"b": 3, "missing": 1}
    assert telemetry.count("ml.monitor.dropped", ml_monitor_reason="nan") == 1


def test_waiting_rows_keep_their_segments(instrument: Callable[..., Collected]) -> None:
    collected = instrument(Configuration(models=(ModelRule(segments=Segments(columns=("origin",))),)))
    model = Changing(iter([np.array([[0.4, 0.6]])] * 60))
    for index in range(60):
        with otel_mlmon.segment(client=("ios", "web")[index % 2]):
            model.predict_proba(pd.DataFrame({"origin": [("JFK", "LGA", None)[index % 3]]}))
    for origin in ("JFK", "LGA", "missing"):
        for client in ("ios", "web"):
            assert collected.count("ml.predictions", ml_segment_origin=origin, ml_segment_client=client) == 10
    assert collected.counts_by("ml.prediction.duration", "ml.segment.client") == {"ios": 30, "web": 30}


SIZES = (1, 7, 1, 0, 40, 3, 1024, 1025, 1, 300)


@pytest.mark.parametrize("labels", [np.array([0, 1]), np.array(["no", "yes"]), np.array(["no", "yes"], dtype=object)])
@pytest.mark.parametrize("operation", ["predict", "predict_proba"])
def test_small_batches_wait_too_and_count_row_by_row(
    labels: np.ndarray, operation: str, telemetry: Collected, table: Table
) -> None:
    model = LogisticRegression().fit(table.inputs, labels[table.label])
    inputs = np.tile(table.inputs, (10, 1))
    answers = []
    for _ in range(3):
        for size in SIZES:
            if size:
                answers.append(getattr(model, operation)(inputs[:size]))
            else:
                with pytest.raises(ValueError, match="minimum of 1"):
                    getattr(model, operation)(inputs[:0])
    rows = sum(map(len, answers))
    (batch_size,) = telemetry.points("ml.prediction.batch.size")
    assert (batch_size.count, batch_size.sum) == (len(answers), rows)
    (duration,) = (p for p in telemetry.points("ml.prediction.duration") if "error.type" not in p.attributes)
    assert duration.count == len(answers)
    assert telemetry.count("ml.predictions") == rows
    if operation == "predict_proba":
        assert telemetry.total("ml.prediction.value") == pytest.approx(sum(answer[:, 1].sum() for answer in answers))
    else:
        expected = sum(int(np.count_nonzero(answer == labels[1])) for answer in answers)
        assert telemetry.counts_by("ml.predictions", "ml.prediction.class")[str(labels[1])] == expected


def test_what_waits_is_bounded_in_numbers(telemetry: Collected, table: Table) -> None:
    model = LinearRegression().fit(table.inputs, table.number)
    inputs = np.tile(table.inputs, (8, 1))
    most = 0
    for _ in range(4 * MAX_WAITING_NUMBERS // len(inputs)):
        model.predict(inputs)
        rooms = gc.get_referrers(Waiting)
        most = max(most, *(room.numbers for room in rooms if isinstance(room, Waiting)), 0)
    assert 0 < most < MAX_WAITING_NUMBERS
    assert telemetry.count("ml.prediction.value") == 4 * MAX_WAITING_NUMBERS // len(inputs) * len(inputs)
