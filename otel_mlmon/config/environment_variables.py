"""The environment variables, in the form that ``opentelemetry-instrument --help`` reads: each is an option there."""

OTEL_MLMON_CONFIG = "OTEL_MLMON_CONFIG"
"""Path of ``mlmon.yaml``; without it every model is monitored with the defaults."""

OTEL_MLMON_ENABLED = "OTEL_MLMON_ENABLED"
"""``false`` leaves every framework untouched."""

OTEL_MLMON_SPANS = "OTEL_MLMON_SPANS"
"""``child`` (a span of its own), ``current`` (attributes on the caller's span) or ``off``."""

OTEL_MLMON_ADAPTERS = "OTEL_MLMON_ADAPTERS"
"""Names of the adapters to apply, with commas between; default: all."""

OTEL_MLMON_RELOAD = "OTEL_MLMON_RELOAD"
"""``true`` reads ``mlmon.yaml`` again, at an export, when it has changed."""

OTEL_MLMON_SELF = "OTEL_MLMON_SELF"
"""``true`` reports what the instrumentation itself costs, as ``ml.monitor.time``."""
