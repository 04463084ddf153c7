"""OpenTelemetry instrumentation for machine-learning models in production.

Nothing of this needs to be called for the first value: ``opentelemetry-instrument`` finds the package by itself.
"""

from otel_mlmon.capture.naming import name
from otel_mlmon.capture.own_code import monitor, prediction
from otel_mlmon.observe.checks.functions import Answered, CheckResult, check
from otel_mlmon.observe.context import context
from otel_mlmon.observe.segments import segment
from otel_mlmon.version import __version__

__all__ = [
    "Answered",
    "CheckResult",
    "__version__",
    "check",
    "context",
    "monitor",
    "name",
    "prediction",
    "segment",
]
