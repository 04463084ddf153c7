"""Answers of very many rows are read in parts, and nobody can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import otel_mlmon
from otel_mlmon.config.schema import Configuration, ModelRule, Output, Segments
from otel_mlmon.observe.blocks import MAX_ROWS
from tests.collected import Collected

ROWS = 2 * MAX_ROWS + 3


class Answering(ClassifierMixin, BaseEstimator):
    """Answers with what it was made with."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.classes_ = np.arange(2)

    def predict_proba(self, _inputs: Any) -> Any:
        """Answer."""
        return self.answer


@pytest.fixture
def positive() -> np.ndarray:
    return np.random.default_rng(7).random(ROWS)


def test_every_row_of_every_part_is_in_its_segment(instrument: Callable[..., Collected], positive: np.ndarray) -> None:
    telemetry = instrument(Configuration(models=(ModelRule(segments=Segments(columns=("origin",))),)))
    origins = np.array(["EWR", "JFK", "LGA"])[np.random.default_rng(8).integers(0, 3, ROWS)]
    model = Answering(np.stack([1 - positive, positive], axis=1))
    model.predict_proba(pd.DataFrame({"origin": origins}))
    for origin in ("EWR", "JFK", "LGA"):
        (point,) = telemetry.points("ml.prediction.value", ml_segment_origin=origin)
        values = positive[origins == origin]
        assert point.count == len(values)
        assert point.sum == pytest.approx(values.sum())
        assert (point.least, point.most) == (values.min(), values.max())
        edges = [-np.inf, *point.bounds, np.inf]
        assert sum(point.buckets[:12]) == np.count_nonzero(values <= edges[12])
    late = telemetry.points("ml.predictions", ml_prediction_class="1")
    assert sum(point.count for point in late) == np.count_nonzero(positive > 0.5)
    (batch,) = telemetry.points("ml.prediction.batch.size")
    assert (batch.count, batch.sum) == (1, ROWS)


def test_the_span_of_a_large_batch_speaks_of_all_of_it(
    instrument: Callable[..., Collected], positive: np.ndarray
) -> None:
    telemetry = instrument(Configuration(models=(ModelRule(output=Output(review_below=0.6)),)))
    sure = np.where(positive > 0.5, 0.9, 0.1)
    sure[-1] = 0.55
    otel_mlmon.name(Answering(np.stack([1 - sure, sure], axis=1)), "sure").predict_proba(None)
    (span,) = telemetry.spans()
    assert span.attributes is not None
    assert span.attributes["ml.prediction.rows"] == ROWS
    assert span.attributes["ml.review"] is True


def test_a_part_that_cannot_be_read_does_not_take_the_others_along(instrument: Callable[..., Collected]) -> None:
    telemetry = instrument(Configuration(models=(ModelRule(segments=Segments(columns=("part",))),)))
    answer = np.full(ROWS, 0.5, dtype=object)
    answer[MAX_ROWS] = {}
    Answering(answer).predict_proba(pd.DataFrame({"part": np.arange(ROWS) // MAX_ROWS}))
    assert telemetry.counts_by("ml.prediction.value", "ml.segment.part") == {"0": MAX_ROWS, "2": 3}
    assert telemetry.count("ml.monitor.dropped", ml_monitor_reason="unreadable") == 1
