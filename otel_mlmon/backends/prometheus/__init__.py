"""Rules, alerts, their tests and their runbook for Prometheus."""
