"""The whole way of a page on one machine: service, collector, Prometheus, Alertmanager, and the webhook at its end.

python -m examples.local_stack
"""
