"""Our failures stay with us: counted and logged once, or raised in strict mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.base import BaseEstimator

from otel_mlmon import safety
from otel_mlmon.capture.adapter import Adapter, Call, Hook
from otel_mlmon.capture.call import Engine
from otel_mlmon.capture.imports import Installation
from otel_mlmon.capture.models import LiveModels
from otel_mlmon.config.schema import Configuration, Spans
from otel_mlmon.emit.telemetry import Telemetry
from tests.collected import Collected


def broken(_call: Call) -> None:
    raise RuntimeError("our own mistake")


class Predicts(BaseEstimator):
    def predict_calmly(self, inputs: object) -> object:
        return inputs


@pytest.fixture
def lenient() -> None:
    safety.set_strict(False)


@pytest.fixture
def broken_adapter() -> Iterator[Collected]:
    reader = InMemoryMetricReader()
    models = LiveModels(Configuration())
    telemetry = Telemetry(models.infos, MeterProvider([reader]))
    safety.set_error_listener(telemetry.error)
    engine = Engine(models, telemetry, Spans.OFF)
    installation = Installation(lambda: engine, lambda act: act(), lambda _adapter: True)
    hook = Hook(f"{__name__}:Predicts.predict_calmly", broken)
    installation.install([Adapter("broken", hooks=(hook,))])
    yield Collected(reader, InMemorySpanExporter())
    engine.close()
    installation.close()
    safety.set_error_listener(None)


@pytest.mark.usefixtures("lenient")
def test_a_failure_of_ours_is_counted_each_time_and_logged_once(
    broken_adapter: Collected, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        assert Predicts().predict_calmly("answer") == "answer"
    (point,) = broken_adapter.points("ml.monitor.errors")
    assert point.count == 5
    assert point.attributes == {"ml.monitor.stage": "prediction", "error.type": "RuntimeError"}
    assert caplog.text.count("Traceback") == 1


def test_in_strict_mode_a_failure_of_ours_is_raised(broken_adapter: Collected) -> None:
    with pytest.raises(RuntimeError, match="our own mistake"):
        Predicts().predict_calmly("answer")


@pytest.mark.usefixtures("lenient")
def test_a_listener_that_fails_is_not_heard_of() -> None:
    def fails(_stage: str, _error: BaseException) -> None:
        raise ValueError

    safety.set_error_listener(fails)
    try:
        with safety.guard("test"):
            raise LookupError
    finally:
        safety.set_error_listener(None)


@pytest.mark.usefixtures("lenient")
def test_a_guard_lets_interrupts_through() -> None:
    with pytest.raises(KeyboardInterrupt), safety.guard("test"):
        raise KeyboardInterrupt
