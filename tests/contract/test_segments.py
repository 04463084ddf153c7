"""Predictions are cut by segment, and the numbers stay exact and bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from otel_mlmon import segment
from otel_mlmon.config.schema import Configuration, Limits, ModelRule, Segments
from tests.collected import Collected


class Scored(BaseEstimator):
    """Answers with the numbers in the column ``score``, or in the last one."""

    def predict(self, inputs: object) -> np.ndarray:
        if isinstance(inputs, pd.DataFrame):
            return inputs["score"].to_numpy(dtype=float)
        if isinstance(inputs, dict):
            return np.asarray(inputs["score"], dtype=float)
        if inputs.dtype.names:
            return inputs["score"].astype(float)
        return np.asarray(inputs[:, -1], dtype=float)

    def __sklearn_tags__(self) -> object:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor"
        return tags


def by_columns(*columns: str | int, max_values: int = 20, combinations: int = 200) -> Configuration:
    rule = ModelRule(segments=Segments(columns=columns, max_values=max_values))
    return Configuration(models=(rule,), limits=Limits(combinations=combinations))


FRAME = pd.DataFrame(
    {
        "origin": ["JFK", "EWR", None, "JFK", "LGA", "JFK"],
        "score": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "tier": [1, 2, 1, 2, 1, 2],
    }
)
EXPECTED = {"JFK": (3, 11.0), "EWR": (1, 2.0), "missing": (1, 3.0), "LGA": (1, 5.0)}
FORMS: dict[str, Callable[[], object]] = {
    "data frame": lambda: FRAME,
    "categorical column": lambda: FRAME.assign(origin=FRAME["origin"].astype("category")),
    "object column": lambda: FRAME.assign(origin=FRAME["origin"].astype(object)),
    "mapping of lists": lambda: {"origin": FRAME["origin"].astype(object).tolist(), "score": FRAME["score"].tolist()},
    "structured array": lambda: np.array(
        [(o if isinstance(o, str) else None, s) for o, s in zip(FRAME["origin"], FRAME["score"], strict=True)],
        dtype=[("origin", object), ("score", float)],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_named_column_cuts_the_rows(form: str, instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns("origin"))
    Scored().predict(FORMS[form]())
    for origin, (count, total) in EXPECTED.items():
        assert collected.count("ml.prediction.value", ml_segment_origin=origin) == count
        assert collected.total("ml.prediction.value", ml_segment_origin=origin) == total
    assert collected.count("ml.prediction.duration") == 1
    assert "ml.segment.origin" not in collected.points("ml.prediction.duration")[0].attributes


def test_rows_sent_one_by_one_count_as_rows_sent_together(instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns("origin"))
    for index in range(len(FRAME)):
        Scored().predict(FRAME.iloc[index : index + 1])
    for origin, (count, total) in EXPECTED.items():
        assert collected.count("ml.prediction.value", ml_segment_origin=origin) == count
        assert collected.total("ml.prediction.value", ml_segment_origin=origin) == total


def test_an_indexed_column_of_a_matrix_cuts_the_rows(instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns(0))
    Scored().predict(np.array([[1.0, 10.0], [2.0, 20.0], [1.0, 30.0]]))
    assert collected.counts_by("ml.prediction.value", "ml.segment.0") == {"1": 2, "2": 1}


def test_several_columns_multiply(instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns("origin", "tier"))
    Scored().predict(FRAME)
    assert collected.count("ml.prediction.value", ml_segment_origin="JFK", ml_segment_tier="2") == 2
    assert collected.total("ml.prediction.value", ml_segment_origin="JFK", ml_segment_tier="1") == 1.0
    assert len(collected.points("ml.prediction.value")) == 5


def test_an_absent_column_is_missing_and_said_once(
    instrument: Callable[..., Collected], caplog: pytest.LogCaptureFixture
) -> None:
    collected = instrument(by_columns("destination"))
    for _ in range(3):
        Scored().predict(FRAME)
    Scored().predict(FRAME[:1])
    assert collected.counts_by("ml.prediction.value", "ml.segment.destination") == {"missing": 19}
    assert caplog.text.count("got no column 'destination'") == 1


def test_a_column_of_another_length_than_the_answer_is_missing(instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns("origin"))
    Scored().predict({"origin": ["JFK", "EWR"], "score": [1.0, 2.0, 3.0]})
    Scored().predict({"origin": ["JFK", "EWR"], "score": [1.0]})
    assert collected.counts_by("ml.prediction.value", "ml.segment.origin") == {"missing": 4}


def test_context_segments_are_on_calls_and_rows(telemetry: Collected) -> None:
    with segment(country="DE", beta=True):
        Scored().predict(FRAME)
        with segment(country="FR"):
            Scored().predict(FRAME[:1])
    Scored().predict(FRAME[:2])
    for metric, counts in {"ml.prediction.duration": (1, 1, 1), "ml.prediction.value": (6, 1, 2)}.items():
        found = telemetry.counts_by(metric, "ml.segment.country")
        assert (found["DE"], found["FR"], found[""]) == counts
    assert telemetry.count("ml.prediction.value", ml_segment_beta="true") == 7


def test_a_column_beats_the_context_under_the_same_key(instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns("origin"))
    with segment(origin="context", client="ios"):
        Scored().predict(FRAME)
    assert collected.count("ml.prediction.value", ml_segment_origin="JFK", ml_segment_client="ios") == 3


def test_segment_decorates_functions_and_coroutines(telemetry: Collected) -> None:
    @segment(job="nightly")
    def batch() -> None:
        Scored().predict(FRAME)

    @segment(job="stream")
    async def stream() -> None:
        await asyncio.sleep(0)
        Scored().predict(FRAME[:1])

    batch()
    asyncio.run(stream())
    assert telemetry.counts_by("ml.prediction.value", "ml.segment.job") == {"nightly": 6, "stream": 1}


def test_segment_without_a_value_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="at least one segment"):
        segment()


def test_values_beyond_the_limit_are_other_and_sums_stay_exact(instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns("origin", max_values=3))
    names = [f"A{index % 10}" for index in range(100)]
    Scored().predict(pd.DataFrame({"origin": names, "score": 1.0}))
    found = collected.counts_by("ml.prediction.value", "ml.segment.origin")
    assert found == {"A0": 10, "A1": 10, "A2": 10, "other": 70}
    assert collected.count("ml.monitor.dropped", ml_monitor_reason="segment_overflow") == 70


def test_endless_values_one_by_one_stay_bounded(instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns("user", "device", max_values=5, combinations=10))
    for index in range(500):
        Scored().predict(pd.DataFrame({"user": [f"u{index}"], "device": [f"d{index % 7}"], "score": [1.0]}))
    assert collected.count("ml.prediction.value") == 500
    assert len(collected.points("ml.prediction.value")) <= 10 + 6


def test_ten_thousand_rows_are_grouped_without_a_loss(instrument: Callable[..., Collected]) -> None:
    collected = instrument(by_columns("origin", "tier"))
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "origin": random.choice(["EWR", "JFK", "LGA"], 10_000),
            "tier": random.integers(0, 5, 10_000),
            "score": random.normal(size=10_000),
        }
    )
    Scored().predict(frame)
    for (origin, tier), group in frame.groupby(["origin", "tier"]):
        (point,) = collected.points("ml.prediction.value", ml_segment_origin=origin, ml_segment_tier=str(tier))
        assert point.count == len(group)
        assert point.sum == pytest.approx(group["score"].sum())
        assert (point.least, point.most) == (group["score"].min(), group["score"].max())
