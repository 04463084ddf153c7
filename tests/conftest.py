"""Strict mode for every test, and a real SDK that collects in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from attrs import frozen
from numpy.typing import NDArray
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_mlmon import safety
from otel_mlmon.config.schema import Configuration
from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    """Make every failure of ours a failure of the test."""
    safety.set_strict(True)
    yield
    safety.set_strict(False)


@pytest.fixture
def instrument() -> Iterator[Callable[..., Collected]]:
    """Return a function that instruments with the given keywords; undone at the end of the test."""
    instrumentor = ModelInstrumentor()

    def start(configuration: Configuration | None = None, **keywords: object) -> Collected:
        reader, exporter = InMemoryMetricReader(), InMemorySpanExporter()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(exporter))
        instrumentor.instrument(
            config=configuration or Configuration(),
            meter_provider=MeterProvider([reader]),
            tracer_provider=tracers,
            **keywords,
        )
        return Collected(reader, exporter)

    yield start
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()


@pytest.fixture
def telemetry(instrument: Callable[..., Collected]) -> Collected:
    """Instrument with the defaults."""
    return instrument()


@frozen(eq=False)
class Table:
    """A small data set: four numeric inputs, a label, a number, and two labels at once."""

    inputs: NDArray[np.float64]
    label: NDArray[np.int64]
    number: NDArray[np.float64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.inputs)


@pytest.fixture(scope="session")
def table() -> Table:
    random = np.random.default_rng(7)
    inputs = random.normal(size=(120, 4))
    number = inputs @ np.array([3.0, -2.0, 1.0, 0.5]) - 1.0
    label = (number > 0).astype(np.int64)
    return Table(inputs, label, number, np.stack([label, (inputs[:, 0] > 0).astype(np.int64)], axis=1))
