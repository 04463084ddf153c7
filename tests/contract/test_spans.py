"""One span for the outermost call, or attributes on the caller's; metrics do not depend on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import otel_mlmon
from otel_mlmon.config.schema import Configuration, ModelRule, Output
from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected
from tests.conftest import Table


@pytest.fixture
def model(table: Table) -> LogisticRegression:
    return LogisticRegression().fit(table.inputs, table.label)


def test_a_call_of_one_row_says_score_and_class(telemetry: Collected, model: LogisticRegression, table: Table) -> None:
    answer = otel_mlmon.name(model, "delay", version="7").predict_proba(table.inputs[:1])
    (span,) = telemetry.spans()
    attributes = dict(span.attributes)
    assert len(attributes.pop("ml.prediction.id")) == 16
    assert attributes == {
        "ml.model.name": "delay",
        "ml.model.version": "7",
        "ml.operation": "predict_proba",
        "ml.framework": "sklearn",
        "ml.model.class": "LogisticRegression",
        "ml.prediction.rows": 1,
        "ml.prediction.value": answer[0, 1],
        "ml.prediction.class": str(answer[0].argmax()),
    }
    assert (span.name, span.kind, span.status.status_code) == ("predict delay", SpanKind.INTERNAL, StatusCode.UNSET)
    assert span.instrumentation_scope.name == "otel_mlmon"


def test_a_batch_says_its_rows_only(telemetry: Collected, model: LogisticRegression, table: Table) -> None:
    model.predict(table.inputs)
    (span,) = telemetry.spans()
    assert span.attributes["ml.prediction.rows"] == len(table)
    assert "ml.prediction.class" not in span.attributes


@pytest.mark.parametrize(
    "make",
    [lambda: RandomForestClassifier(10, n_jobs=2), lambda: make_pipeline(StandardScaler(), LogisticRegression())],
)
def test_nested_estimators_make_no_spans(make: Callable[[], BaseEstimator], telemetry: Collected, table: Table) -> None:
    make().fit(table.inputs, table.label).predict_proba(table.inputs)
    assert len(telemetry.spans()) == 1


def test_the_span_is_a_child_of_the_callers_and_current_inside(telemetry: Collected) -> None:
    seen = []

    class Seeing(BaseEstimator):
        def predict(self, inputs: object) -> np.ndarray:
            seen.append(trace.get_current_span().get_span_context().span_id)
            return np.array([1.0])

    tracer = TracerProvider().get_tracer("caller")
    with tracer.start_as_current_span("request") as request:
        Seeing().predict(None)
        assert trace.get_current_span() is request
    (span,) = telemetry.spans()
    assert span.parent.span_id == request.get_span_context().span_id
    assert seen == [span.context.span_id]


def test_a_failed_call_has_an_error_type_and_no_message(telemetry: Collected) -> None:
    class Failing(BaseEstimator):
        def predict(self, inputs: object) -> object:
            raise ValueError("could not convert 'Jane Doe, 4711' to float")

    with pytest.raises(ValueError, match="Jane Doe"):
        Failing().predict(None)
    (span,) = telemetry.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["error.type"] == "ValueError"
    assert "Jane" not in span.to_json()
    assert span.end_time is not None


def test_current_puts_attributes_on_the_callers_span(
    instrument: Callable[..., Collected], model: LogisticRegression, table: Table
) -> None:
    collected = instrument(spans="current")
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("caller").start_as_current_span("request"):
        model.predict(table.inputs)
    model.predict(table.inputs)
    assert collected.spans() == []
    (request,) = exporter.get_finished_spans()
    assert request.attributes["ml.model.name"] == "LogisticRegression"
    assert request.attributes["ml.prediction.rows"] == len(table)
    assert collected.count("ml.prediction.duration") == 2


def test_off_makes_no_span_and_keeps_the_metrics(
    instrument: Callable[..., Collected], model: LogisticRegression, table: Table
) -> None:
    collected = instrument(spans="off")
    model.predict(table.inputs)
    assert collected.spans() == []
    assert collected.count("ml.predictions") == len(table)


def test_metrics_do_not_depend_on_sampling(model: LogisticRegression, table: Table) -> None:
    reader = InMemoryMetricReader()
    ModelInstrumentor().instrument(
        meter_provider=MeterProvider([reader]), tracer_provider=TracerProvider(sampler=ALWAYS_OFF)
    )
    model.predict(table.inputs)
    ModelInstrumentor().uninstrument()
    assert Collected(reader, InMemorySpanExporter()).count("ml.predictions") == len(table)


def test_an_answer_of_low_confidence_is_for_review(
    instrument: Callable[..., Collected], model: LogisticRegression, table: Table
) -> None:
    collected = instrument(Configuration(models=(ModelRule(output=Output(review_below=0.8)),)))
    answer = model.predict_proba(table.inputs)
    unsure, sure = answer.max(axis=1).argmin(), answer.max(axis=1).argmax()
    model.predict_proba(table.inputs[[unsure]])
    model.predict_proba(table.inputs[[sure]])
    assert [span.attributes.get("ml.review", False) for span in collected.spans()] == [True, True, False]


def test_an_exemplar_links_a_value_to_its_trace(telemetry: Collected, model: LogisticRegression, table: Table) -> None:
    model.predict_proba(table.inputs[:1])
    (span,) = telemetry.spans()
    data = telemetry.reader.get_metrics_data()
    exemplars = {
        metric.name: [exemplar for point in metric.data.data_points for exemplar in point.exemplars]
        for scope in data.resource_metrics[0].scope_metrics
        for metric in scope.metrics
    }
    for name in ("ml.prediction.duration", "ml.prediction.value"):
        assert [exemplar.span_id for exemplar in exemplars[name]] == [span.context.span_id]
    assert telemetry.count("ml.prediction.value") == 1
