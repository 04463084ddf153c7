"""The models and the instrumentation that the cases share."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model._base import LinearClassifierMixin

from otel_mlmon import semconv
from otel_mlmon.config.schema import Configuration, Limits, ModelRule, Segments
from otel_mlmon.instrumentor import ModelInstrumentor

READER = InMemoryMetricReader()
PROVIDER = MeterProvider([READER])
TRACERS = TracerProvider()
INSTRUMENTOR = ModelInstrumentor()
WRAPPED = ((LogisticRegression, "predict_proba"), (LinearClassifierMixin, "decision_function"))


def logistic_regression() -> LogisticRegression:
    """Return a model whose one-row answer takes 90 µs."""
    random = np.random.default_rng(7)
    inputs = random.normal(size=(500, 8))
    return LogisticRegression().fit(inputs, inputs[:, 0] > 0)


class Answering(ClassifierMixin, BaseEstimator):
    """Answers at once with what it was given: what is left is the monitoring."""

    def __init__(self, answer: np.ndarray) -> None:
        self.answer = answer
        self.classes_ = np.arange(answer.shape[-1])

    def predict_proba(self, inputs: object) -> np.ndarray:
        """Answer."""
        return self.answer

    def score_samples(self, inputs: object) -> np.ndarray:
        """Answer, too."""
        return self.answer


def instrument(*columns: str) -> None:
    """Switch metrics on, cut by columns."""
    rule = ModelRule(segments=Segments(columns=columns, max_values=200))
    configuration = Configuration(models=(rule,), limits=Limits(combinations=1000))
    INSTRUMENTOR.instrument(meter_provider=PROVIDER, config=configuration, spans="off")


def instrument_with_spans() -> None:
    """Switch metrics and spans on."""
    INSTRUMENTOR.instrument(meter_provider=PROVIDER, tracer_provider=TRACERS, config=Configuration())


def instrument_without_sdk() -> None:
    """Switch on what a process has that sets no SDK up."""
    INSTRUMENTOR.instrument(config=Configuration())


def uninstrument() -> None:
    """Switch everything off."""
    INSTRUMENTOR.uninstrument()


def wrap() -> None:
    """Put around the methods of a logistic regression what does nothing but call: what no wrapper can do without."""
    for owner, name in WRAPPED:
        original = vars(owner)[name]

        def call(*args: object, _original: Callable[..., object] = original, **kwargs: object) -> object:
            return _original(*args, **kwargs)

        setattr(owner, name, functools.wraps(original)(call))


def unwrap() -> None:
    """Take it away."""
    for owner, name in WRAPPED:
        setattr(owner, name, vars(owner)[name].__wrapped__)


def flush() -> None:
    """Hand on to the SDK what is held back, and no more."""
    pipeline = INSTRUMENTOR._pipeline
    if pipeline is not None:
        pipeline.flush()


def calls_counted() -> int:
    """Return how many calls have been counted so far."""
    data = READER.get_metrics_data()
    return sum(
        point.count
        for resource in ([] if data is None else data.resource_metrics)
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == semconv.PREDICTION_DURATION
        for point in metric.data.data_points
    )
