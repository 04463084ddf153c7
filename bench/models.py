"""The models and the instrumentation that the cases share."""

from __future__ import annotations

import numpy as np
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from otel_mlmon.config.schema import Configuration, ModelRule, Segments
from otel_mlmon.instrumentor import ModelInstrumentor

PROVIDER = MeterProvider([InMemoryMetricReader()])
TRACERS = TracerProvider()
INSTRUMENTOR = ModelInstrumentor()


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
    configuration = Configuration(models=(ModelRule(segments=Segments(columns=columns)),))
    INSTRUMENTOR.instrument(meter_provider=PROVIDER, config=configuration, spans="off")


def instrument_with_spans() -> None:
    """Switch metrics and spans on."""
    INSTRUMENTOR.instrument(meter_provider=PROVIDER, tracer_provider=TRACERS, config=Configuration())


def uninstrument() -> None:
    """Switch everything off."""
    INSTRUMENTOR.uninstrument()
