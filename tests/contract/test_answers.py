"""What the model answers reaches the caller untouched, and whatever it is, nothing of ours raises."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.collected import Collected
from tests.conftest import Table


class Answers(BaseEstimator):
    """A user's model that answers with what it was told to."""

    def __init__(self, answer: Any = None, estimator_type: str = "regressor") -> None:
        self.answer = answer
        self.estimator_type = estimator_type

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = self.estimator_type
        return tags

    def predict(self, inputs: Any) -> Any:
        """Answer."""
        return self.answer

    def predict_proba(self, inputs: Any) -> Any:
        """Answer, too."""
        return self.answer

    decision_function = score_samples = predict_log_proba = predict_proba


class Hostile:
    """Raises whatever numpy asks it for."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise ValueError("no array")

    def __len__(self) -> int:
        raise TypeError("no length")


ODD = {
    "None": None,
    "ragged": [[1.0], [2.0, 3.0]],
    "ragged objects": [[1.0, "a"], None],
    "string": "yes",
    "strings": ["yes", "no", "yes"],
    "numbers as text": ["1.5", "x", "2"],
    "bytes": b"yes",
    "sparse": scipy.sparse.csr_matrix(np.eye(3)),
    "huge sparse": scipy.sparse.csr_matrix((10**6, 10**6)),
    "data frame": pd.DataFrame({"a": [0.2, 0.5, 0.1], "b": [0.8, 0.5, 0.9]}),
    "text frame": pd.DataFrame({"a": ["x", "y", None]}),
    "series": pd.Series([1.0, None, 3.0]),
    "categories": pd.Series(["x", "y", "x"], dtype="category"),
    "other length": [1.0, 2.0],
    "empty": [],
    "empty matrix": np.zeros((0, 2)),
    "no columns": np.zeros((3, 0)),
    "scalar": 3.5,
    "numpy scalar": np.float32(3.5),
    "zero-dimensional": np.array(3.5),
    "three-dimensional": np.ones((3, 2, 2)),
    "complex": np.array([1j, 2.0]),
    "times": np.array(["2026-01-01"] * 3, dtype="datetime64[D]"),
    "booleans": np.array([True, False, True]),
    "integers": np.array([3, -4, 5]),
    "half floats": np.array([1, -2, 3], dtype=np.float16),
    "not numbers": np.array([np.nan, np.inf, -np.inf]),
    "row of nan": np.array([[np.nan, np.nan]]),
    "one bad row": np.array([[0.5, 0.5], [np.nan, 0.5], [0.1, 0.9]]),
    "structured": np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
    "mixed": np.array([1, "a", None, 2.5], dtype=object),
    "objects": np.array([object(), object()]),
    "dict": {"score": [1.0]},
    "list of dicts": [{"a": 0.1}, {"a": 0.2}],
    "generator": (value for value in (1.0, 2.0)),
    "set": {1.0, 2.0},
    "hostile": Hostile(),
    "masked": np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    "matrix": np.matrix([[0.2, 0.8]]),
    "huge integers": [10**400, 1],
    "enormous floats": np.array([1e308, -1e308]),
    "function": len,
    "list of matrices": [np.array([[0.2, 0.8]]), np.array([[0.1, 0.9]])],
    "list of one matrix": [np.array([[0.2, 0.8]])],
}
OPERATIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", ["regressor", "classifier", "clusterer"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_is_the_same_object_and_never_raises(odd: str, kind: str, telemetry: Collected) -> None:
    model = Answers(ODD[odd], kind)
    for operation in OPERATIONS:
        assert getattr(model, operation)(np.zeros((3, 1))) is ODD[odd]
    assert telemetry.count("ml.prediction.duration") == len(OPERATIONS)
    assert telemetry.points("ml.monitor.errors") == []


def test_a_generator_answer_is_not_consumed(telemetry: Collected) -> None:
    answer = (value for value in (1.0, 2.0))
    Answers(answer).predict(None)
    assert list(answer) == [1.0, 2.0]


def test_an_answer_that_cannot_be_read_is_counted(telemetry: Collected) -> None:
    Answers(None).predict([1])
    (point,) = telemetry.points("ml.monitor.dropped")
    assert point.attributes == {"ml.model.name": "Answers", "ml.monitor.reason": "unreadable"}
    assert telemetry.points("ml.prediction.batch.size") == []


def test_negative_values_are_recorded(telemetry: Collected, table: Table) -> None:
    model = LinearRegression().fit(table.inputs, table.number)
    expected = model.predict(table.inputs)
    for row in table.inputs[:5]:
        model.predict(row[None])
    (point,) = telemetry.points("ml.prediction.value")
    assert point.count == len(table) + 5
    assert point.sum == pytest.approx(expected.sum() + expected[:5].sum())
    assert point.least == pytest.approx(expected.min())
    assert sum(point.buckets[: point.bounds.index(0.0) + 1]) == (expected <= 0).sum() + (expected[:5] <= 0).sum()


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_nan_and_infinity_are_counted_by_reason_and_spare_the_rest(rows: int, telemetry: Collected) -> None:
    for bad, reason in ((np.nan, "nan"), (np.inf, "infinite"), (-np.inf, "infinite")):
        answer = np.full(rows, 2.0)
        answer[0] = bad
        Answers(answer).predict(None)
        assert telemetry.count("ml.monitor.dropped", ml_monitor_reason=reason) == (2 if bad == -np.inf else 1)
    assert telemetry.total("ml.prediction.value") == 3 * 2.0 * (rows - 1)
    assert telemetry.total("ml.prediction.batch.size") == 3 * rows


def test_rows_of_nan_are_counted_as_a_missing_class(telemetry: Collected) -> None:
    Answers(ODD["one bad row"], "classifier").predict_proba(None)
    assert telemetry.counts_by("ml.predictions", "ml.prediction.class") == {"0": 1, "1": 1, "missing": 1}


def _raises_from(level: int) -> Any:
    if level:
        return _raises_from(level - 1)
    raise LookupError("feature store is down for user 4711")


class Raises(BaseEstimator):
    def predict(self, inputs: Any) -> Any:
        return _raises_from(3)


def _frames_of(call: Callable[[], object]) -> list[str]:
    with pytest.raises(LookupError, match=r"^feature store is down for user 4711$") as caught:
        call()
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_an_exception_keeps_type_message_and_traceback(telemetry: Collected) -> None:
    frames = _frames_of(lambda: Raises().predict(None))
    assert frames[-5:] == ["predict", "_raises_from", "_raises_from", "_raises_from", "_raises_from"]
    (point,) = telemetry.points("ml.prediction.duration")
    assert point.attributes == {
        "ml.model.name": "Raises",
        "ml.operation": "predict",
        "error.type": "LookupError",
    }
    assert telemetry.points("ml.prediction.batch.size") == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_exceptions_that_are_no_errors_pass_through(error: type[BaseException], telemetry: Collected) -> None:
    class Interrupted(BaseEstimator):
        def predict(self, inputs: Any) -> Any:
            raise error

    with pytest.raises(error):
        Interrupted().predict(None)
    assert telemetry.count("ml.prediction.duration", error_type=error.__name__) == 1


def test_after_a_failed_call_the_next_one_counts(telemetry: Collected, table: Table) -> None:
    model = LogisticRegression().fit(table.inputs, table.label)
    with pytest.raises(ValueError, match="features"):
        model.predict(np.zeros((1, 99)))
    model.predict(table.inputs)
    assert telemetry.count("ml.predictions") == len(table)


def test_a_model_that_predicts_while_its_answer_is_read_does_not_recurse(telemetry: Collected) -> None:
    class Lazy:
        def __array__(self, *_: Any, **__: Any) -> np.ndarray:
            model.predict(None)
            return np.ones(2)

    model = Answers(Lazy())
    model.predict(None)
    assert telemetry.count("ml.prediction.duration") == 1
    assert telemetry.count("ml.prediction.value") == 2
