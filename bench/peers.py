"""What people do today: the same figures, written by hand."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import numpy as np
import pandas as pd
import prometheus_client
import whylogs
from opentelemetry.trace import SpanKind

from bench.models import PROVIDER, TRACERS
from otel_mlmon.config.buckets import DURATION, PROBABILITY, ROWS

Predict = Callable[[object], np.ndarray]
ATTRIBUTES = {"ml.model.name": "model", "ml.operation": "predict_proba"}
LABELS = ("model", "operation")


class ByOpenTelemetry:
    """Five calls of OpenTelemetry's public API around a prediction."""

    def __init__(self, predict: Predict) -> None:
        meter = PROVIDER.get_meter("by hand")
        histogram = meter.create_histogram
        self._predict = predict
        self._duration = histogram("hand.duration", explicit_bucket_boundaries_advisory=DURATION.boundaries)
        self._size = histogram("hand.size", explicit_bucket_boundaries_advisory=ROWS.boundaries)
        self._value = histogram("hand.value", explicit_bucket_boundaries_advisory=PROBABILITY.boundaries)
        self._confidence = histogram("hand.confidence", explicit_bucket_boundaries_advisory=PROBABILITY.boundaries)
        self._classes = meter.create_counter("hand.classes")

    def __call__(self, inputs: object) -> np.ndarray:
        """Predict and record one row."""
        started = perf_counter()
        answer = self._predict(inputs)
        self._duration.record(perf_counter() - started, ATTRIBUTES)
        row = answer[0].tolist()
        self._size.record(1, ATTRIBUTES)
        self._value.record(row[1], ATTRIBUTES)
        self._confidence.record(max(row), ATTRIBUTES)
        self._classes.add(1, {**ATTRIBUTES, "ml.prediction.class": str(row.index(max(row)))})
        return answer

    def batch(self, inputs: object) -> np.ndarray:
        """Predict and record several rows, as the API has it: one by one."""
        started = perf_counter()
        answer = self._predict(inputs)
        self._duration.record(perf_counter() - started, ATTRIBUTES)
        self._size.record(len(answer), ATTRIBUTES)
        for row in answer.tolist():
            self._value.record(row[1], ATTRIBUTES)
            self._confidence.record(max(row), ATTRIBUTES)
            self._classes.add(1, {**ATTRIBUTES, "ml.prediction.class": str(row.index(max(row)))})
        return answer

    def with_span(self, inputs: object) -> np.ndarray:
        """Predict and record one row in a span."""
        with TRACERS.get_tracer("by hand").start_as_current_span(
            "predict model", kind=SpanKind.INTERNAL, attributes=ATTRIBUTES
        ) as span:
            answer = self(inputs)
            span.set_attribute("ml.prediction.rows", 1)
        return answer


def bare_span(predict: Predict, inputs: object) -> np.ndarray:
    """Predict in a span with as many attributes and record nothing: what the SDK itself costs."""
    with TRACERS.get_tracer("by hand").start_as_current_span(
        "predict model", kind=SpanKind.INTERNAL, attributes={**ATTRIBUTES, "a": "b", "c": "d", "e": "f"}
    ) as span:
        answer = predict(inputs)
        span.set_attributes({"ml.prediction.rows": 1, "ml.prediction.value": 0.5, "ml.prediction.class": "1"})
    return answer


class ByPrometheus:
    """The client library of Prometheus, its children bound before."""

    def __init__(self, predict: Predict) -> None:
        registry = prometheus_client.CollectorRegistry()

        def histogram(name: str, bounds: tuple[float, ...]) -> prometheus_client.Histogram:
            made = prometheus_client.Histogram(name, name, LABELS, registry=registry, buckets=bounds)
            return made.labels("model", "predict_proba")

        self._predict = predict
        self._duration = histogram("duration", DURATION.boundaries)
        self._size = histogram("size", ROWS.boundaries)
        self._value = histogram("value", PROBABILITY.boundaries)
        self._confidence = histogram("confidence", PROBABILITY.boundaries)
        counter = prometheus_client.Counter("classes", "classes", (*LABELS, "class"), registry=registry)
        self._classes = [counter.labels("model", "predict_proba", str(index)) for index in range(2)]

    def __call__(self, inputs: object) -> np.ndarray:
        """Predict and record one row."""
        started = perf_counter()
        answer = self._predict(inputs)
        self._duration.observe(perf_counter() - started)
        row = answer[0].tolist()
        self._size.observe(1)
        self._value.observe(row[1])
        self._confidence.observe(max(row))
        self._classes[row.index(max(row))].inc()
        return answer

    def batch(self, inputs: object) -> np.ndarray:
        """Predict and record several rows, as the library has it: one by one."""
        started = perf_counter()
        answer = self._predict(inputs)
        self._duration.observe(perf_counter() - started)
        self._size.observe(len(answer))
        for row in answer.tolist():
            self._value.observe(row[1])
            self._confidence.observe(max(row))
            self._classes[row.index(max(row))].inc()
        return answer

    def observe_all(self, values: np.ndarray) -> None:
        """Record a batch, as its API has it: one by one."""
        for value in values.tolist():
            self._value.observe(value)


def by_whylogs(predict: Predict, inputs: object) -> np.ndarray:
    """Predict and profile one row."""
    answer = predict(inputs)
    whylogs.log(row={"score": float(answer[0, 1]), "class": str(answer[0].argmax())})
    return answer


def by_whylogs_batch(values: np.ndarray) -> object:
    """Profile a batch."""
    return whylogs.log(pandas=pd.DataFrame({"score": values}))


def by_groups(frame: pd.DataFrame, classes: tuple[str, ...]) -> None:
    """Histograms of each class in each segment, with pandas and numpy."""
    bounds = np.array(PROBABILITY.boundaries)
    for _, group in frame.groupby("segment", observed=True):
        for name in classes:
            np.histogram(group[name].to_numpy(), bounds)
