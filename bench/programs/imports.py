"""Milliseconds to import the instrumentor, and how many frameworks that imports."""

import sys
from time import perf_counter

import opentelemetry.instrumentation.auto_instrumentation
import opentelemetry.sdk.metrics  # noqa: F401

FRAMEWORKS = {"numpy", "pandas", "sklearn", "scipy", "joblib", "torch", "yaml"}

if __name__ == "__main__":
    started = perf_counter()
    import otel_mlmon.instrumentor

    milliseconds = (perf_counter() - started) * 1e3
    otel_mlmon.instrumentor.ModelInstrumentor().instrument()
    print(milliseconds, len(FRAMEWORKS & set(sys.modules)))
