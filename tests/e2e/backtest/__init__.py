"""The command that replays alerts, with a real Prometheus."""
