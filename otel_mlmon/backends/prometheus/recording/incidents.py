"""What was usual is known only from times without an incident: the one of last week must not hide that of today."""

from __future__ import annotations

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import HOUR, Expression, Matcher, Selector, call, on

ALERTS = "ALERTS"
"""The series that Prometheus itself writes of alerts."""


def without_incident(usual: Expression, subject: Subject, symptom: str, offset: int) -> Expression:
    """Drop figures of a time at which an alert of the same symptom was firing."""
    matchers = (Matcher(names.MODEL, subject.name), Matcher("symptom", symptom), Matcher("alertstate", "firing"))
    firing = Selector(ALERTS, matchers, window=HOUR, offset=offset)
    return usual.unless(call("present_over_time", firing), on(*level.MODEL.labels))
