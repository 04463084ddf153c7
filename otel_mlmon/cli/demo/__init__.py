"""``otel-mlmon demo``: an unmodified service, real flights, an incident, and what the metrics say about it."""
