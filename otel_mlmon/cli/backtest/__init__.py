"""``otel-mlmon backtest``: what the alerts would have done in the history that a Prometheus has."""
