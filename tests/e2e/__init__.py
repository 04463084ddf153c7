"""The whole path with nothing mocked: service, collector, Prometheus, Alertmanager, webhook."""
