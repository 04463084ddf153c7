"""Instrument, uninstrument, and do it again: nothing is left, and nothing counts twice."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import sklearn.ensemble
import sklearn.linear_model
import sklearn.metrics
import sklearn.pipeline
import sklearn.utils.parallel
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.metaestimators import available_if

from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected
from tests.conftest import Table


def _attributes() -> dict[tuple[str, str], Any]:
    return {
        (f"{owner.__module__}.{owner.__qualname__}", name): value
        for owner in _lineage(BaseEstimator)
        for name, value in vars(owner).items()
        if name not in ("__weakref__", "__dict__", "_abc_impl", "__static_attributes__")
    }


def _lineage(base: type) -> Iterator[type]:
    seen: set[type] = set()
    pending = [base]
    while pending:
        member = pending.pop()
        for owner in member.__mro__:
            if owner not in seen and owner is not object:
                seen.add(owner)
                yield owner
        pending += type.__subclasses__(member)


def test_uninstrument_restores_every_attribute_exactly() -> None:
    modules = (sklearn.utils.parallel, sklearn.metrics._scorer, sklearn.model_selection._validation)
    before, functions = _attributes(), [dict(vars(module)) for module in modules]
    instrumentor = ModelInstrumentor()
    instrumentor.instrument(meter_provider=MeterProvider([InMemoryMetricReader()]))
    during = _attributes()
    instrumentor.uninstrument()
    after = _attributes()
    assert sum(during[key] is not before.get(key) for key in during) > 100
    assert after.keys() == before.keys()
    assert [key for key in before if after[key] is not before[key]] == []
    assert [dict(vars(module)) for module in modules] == functions


def test_instrumented_again_with_the_same_provider_it_counts_on(table: Table) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    collected = Collected(reader, InMemorySpanExporter())
    instrumentor = ModelInstrumentor()
    model = LogisticRegression().fit(table.inputs, table.label)
    for round_ in (1, 2, 3):
        instrumentor.instrument(meter_provider=provider)
        kept = model.predict
        model.predict(table.inputs)
        instrumentor.uninstrument()
        kept(table.inputs)  # a bound method that outlives the patch counts nothing
        model.predict(table.inputs)
        assert collected.count("ml.predictions") == round_ * len(table)


def test_classes_defined_while_uninstrumented_are_patched_by_the_next_round(
    instrument: Callable[..., Collected],
) -> None:
    ModelInstrumentor().instrument(meter_provider=MeterProvider([InMemoryMetricReader()]))
    ModelInstrumentor().uninstrument()

    class Between(BaseEstimator):
        def predict(self, inputs: Any) -> Any:
            return np.array([1.0])

    collected = instrument()
    Between().predict(None)
    assert collected.count("ml.prediction.duration") == 1


def test_a_method_that_somebody_else_wrapped_since_is_left_alone(instrument: Callable[..., Collected]) -> None:
    class Wrapped(BaseEstimator):
        def predict(self, inputs: Any) -> Any:
            return np.array([1.0])

    collected = instrument()
    ours = Wrapped.predict
    Wrapped.predict = lambda self, inputs: ours(self, inputs) + 1
    ModelInstrumentor().uninstrument()
    assert Wrapped().predict(None) == [2.0]
    assert collected.count("ml.prediction.duration") == 0


def test_signatures_docs_and_names_are_those_of_the_original(telemetry: Collected) -> None:
    import inspect

    method = LogisticRegression.predict_proba
    assert list(inspect.signature(method).parameters) == ["self", "X"]
    assert method.__qualname__ == "LogisticRegression.predict_proba"
    assert "Probability estimates" in (method.__doc__ or "")


def test_an_instrumented_model_can_be_pickled_and_cloned(telemetry: Collected, table: Table) -> None:
    import pickle

    from sklearn.base import clone

    model = pickle.loads(pickle.dumps(LogisticRegression().fit(table.inputs, table.label)))
    clone(model).fit(table.inputs, table.label).predict(table.inputs)
    assert telemetry.count("ml.predictions") == len(table)


def test_disabled_by_keyword_nothing_is_patched(instrument: Callable[..., Collected]) -> None:
    before = vars(LogisticRegression)["predict_proba"]
    instrument(enabled=False)
    assert vars(LogisticRegression)["predict_proba"] is before


def test_a_wrong_setting_does_not_stop_the_service(
    instrument: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_MLMON_SPANS", "sometimes")
    instrument()
    assert "OTEL_MLMON_SPANS" in caplog.text
    assert "child, current or off" in caplog.text


def test_methods_that_are_no_functions_stay_what_they_were(telemetry: Collected, table: Table) -> None:
    class Odd(ClassifierMixin, BaseEstimator):
        predict = functools.partial(len)

        @classmethod
        def decision_function(cls, inputs: object) -> object:
            return (cls, inputs)

        @staticmethod
        def score_samples(inputs: list[float]) -> list[float]:
            return inputs

        @available_if(lambda self: self.__dict__.get("ready"))
        def predict_proba(self, inputs: Any) -> Any:
            """Answer."""
            return inputs

    odd = Odd()
    assert odd.predict("four") == 4
    assert odd.decision_function(1) == Odd.decision_function(1) == (Odd, 1)
    assert odd.score_samples([0.5]) == Odd.score_samples([0.5]) == [0.5]
    with pytest.raises(AttributeError, match="has no attribute 'predict_proba'"):
        odd.predict_proba(table.inputs)
    odd.ready = True
    assert odd.predict_proba.__doc__ == "Answer."
    assert list(inspect.signature(odd.predict_proba).parameters) == ["inputs"]
    answer = np.array([[0.25, 0.75]])
    assert odd.predict_proba(answer) is Odd.predict_proba(odd, answer) is answer
    assert telemetry.count("ml.prediction.duration", ml_operation="predict_proba") == 2
    assert telemetry.count("ml.prediction.value", ml_operation="score_samples") == 1
