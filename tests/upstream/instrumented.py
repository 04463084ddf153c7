"""A pytest plugin: what the tests of a framework predict is observed, and a failure of ours is one of the run."""

from __future__ import annotations

import logging
import logging.handlers

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected

collected = Collected(InMemoryMetricReader(), InMemorySpanExporter())

failures = logging.handlers.BufferingHandler(capacity=1_000)


def pytest_configure() -> None:
    logging.getLogger("otel_mlmon").addHandler(failures)
    ModelInstrumentor().instrument(meter_provider=MeterProvider([collected.reader]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for metric in ("ml.prediction.duration", "ml.monitor.errors"):
        terminalreporter.write_line(f"{metric}: {collected.count(metric)}")
    for record in failures.buffer:
        terminalreporter.write_line(logging.Formatter().format(record))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if collected.count("ml.monitor.errors"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
