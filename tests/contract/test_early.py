"""Instrumented before anything else is imported."""

from __future__ import annotations

import subprocess
import sys

SERVICE = """
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from otel_mlmon import safety
from otel_mlmon.instrumentor import ModelInstrumentor

import sys
assert "pickle" not in sys.modules and "numpy" not in sys.modules
safety.set_strict(True)
reader = InMemoryMetricReader()
ModelInstrumentor().instrument(meter_provider=MeterProvider([reader]))

import numpy
from sklearn.linear_model import LinearRegression

LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]).predict(numpy.zeros((3, 1)))
(resource,) = reader.get_metrics_data().resource_metrics
print(sorted(metric.name for scope in resource.scope_metrics for metric in scope.metrics))
"""


def test_a_service_may_be_instrumented_before_numpy_is_imported() -> None:
    # numpy's own import imports pickle, which is hooked, too.
    done = subprocess.run([sys.executable, "-c", SERVICE], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "ml.prediction.duration" in done.stdout
