"""Classes and functions that other processes get by value, as Ray, Spark, Dask, MLflow and joblib's processes do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import cloudpickle
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if

import otel_mlmon
from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected


def answers(_estimator: object) -> bool:
    return True


def make_class() -> type:
    """Return a class that no other process can import: one made in a function, as one of a notebook."""

    class Own(ClassifierMixin, BaseEstimator):
        def predict(self, inputs: object) -> object:
            return np.zeros(len(inputs))

        @available_if(answers)
        def predict_proba(self, inputs: object) -> object:
            return np.full((len(inputs), 2), 0.5)

    return Own


def test_a_class_of_ones_own_is_pickled_as_without_us(instrument: Callable[..., Collected]) -> None:
    plain = cloudpickle.dumps(make_class()())
    instrument()
    model = make_class()()
    model.predict(np.zeros((3, 2)))
    pickled = cloudpickle.dumps(model)
    assert b"otel_mlmon" not in pickled
    assert len(pickled) == pytest.approx(len(plain), abs=200)
    code = "import pickle, sys; model = pickle.load(sys.stdin.buffer); print(model.predict([1, 2]))"
    done = subprocess.run([sys.executable, "-c", code], input=pickled, capture_output=True, check=True, timeout=60)
    assert done.stdout.strip() == b"[0. 0.]"


def test_such_a_class_is_observed_where_it_is_loaded(telemetry: Collected) -> None:
    model = make_class()()
    kind = type(model)
    pickled = cloudpickle.dumps(model)
    # What is known of the class, as in another process, where it is not the same one.
    cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_CLASS.pop(kind)
    cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID.clear()
    loaded = cloudpickle.loads(pickled)
    assert type(loaded) is not kind
    loaded.predict(np.zeros((3, 2)))
    loaded.predict_proba(np.zeros((4, 2)))
    assert sorted(point.sum for point in telemetry.points("ml.prediction.batch.size")) == [3, 4]


def test_methods_of_libraries_stay_references(telemetry: Collected) -> None:
    assert cloudpickle.loads(cloudpickle.dumps(LogisticRegression.predict)) is LogisticRegression.predict
    assert len(cloudpickle.dumps(Pipeline)) < 100


def test_a_monitored_function_is_pickled_and_counts_where_it_is_loaded(telemetry: Collected) -> None:
    @otel_mlmon.monitor(name="own")
    def own(number: float) -> float:
        return number

    own(1.0)
    assert cloudpickle.loads(cloudpickle.dumps(own))(2.0) == 2.0
    (point,) = telemetry.points("ml.prediction.duration")
    assert point.count == 2


def test_nothing_of_it_stays_when_uninstrumented(instrument: Callable[..., Collected]) -> None:
    module = sys.modules["cloudpickle.cloudpickle"]
    before = (module._class_setstate, module.CloudPickler.reducer_override)
    instrument()
    assert module._class_setstate is not before[0]
    ModelInstrumentor().uninstrument()
    assert (module._class_setstate, module.CloudPickler.reducer_override) == before
