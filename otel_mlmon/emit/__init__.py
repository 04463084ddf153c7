"""Observations to OpenTelemetry: instruments, spans, and the buffers of the hot path. Knows no framework."""
