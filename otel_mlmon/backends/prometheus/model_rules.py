"""All rules of one model: a row a family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from otel_mlmon.backends.prometheus.alerts.budget import budget_burn, latency_budget_burn
from otel_mlmon.backends.prometheus.alerts.calls import no_calls, segment_silent, traffic_drop
from otel_mlmon.backends.prometheus.alerts.check_fails import check_fails_more
from otel_mlmon.backends.prometheus.alerts.class_jump import class_jump
from otel_mlmon.backends.prometheus.alerts.confidence import confidence_drop
from otel_mlmon.backends.prometheus.alerts.errors import errors
from otel_mlmon.backends.prometheus.alerts.input_problems import input_problems
from otel_mlmon.backends.prometheus.alerts.latency import latency_jump
from otel_mlmon.backends.prometheus.alerts.output_drift import output_drift
from otel_mlmon.backends.prometheus.alerts.output_jump import output_jump
from otel_mlmon.backends.prometheus.alerts.segment_jump import segment_jump
from otel_mlmon.backends.prometheus.alerts.stuck import stuck
from otel_mlmon.backends.prometheus.alerts.telemetry import segment_overflow, telemetry_lost
from otel_mlmon.backends.prometheus.alerts.versions import version_differs
from otel_mlmon.backends.prometheus.recording.budget import budget_groups
from otel_mlmon.backends.prometheus.recording.calls import call_groups
from otel_mlmon.backends.prometheus.recording.checks import check_groups
from otel_mlmon.backends.prometheus.recording.class_moves import class_move_groups
from otel_mlmon.backends.prometheus.recording.classes import class_groups
from otel_mlmon.backends.prometheus.recording.confidence import confidence_groups
from otel_mlmon.backends.prometheus.recording.inputs import input_groups
from otel_mlmon.backends.prometheus.recording.largest import largest_groups
from otel_mlmon.backends.prometheus.recording.segment_traffic import segment_traffic_groups
from otel_mlmon.backends.prometheus.recording.telemetry import telemetry_groups
from otel_mlmon.backends.prometheus.recording.values import value_groups
from otel_mlmon.backends.prometheus.recording.versions import version_groups
from otel_mlmon.backends.prometheus.rule import Alert, Group, Severity
from otel_mlmon.backends.prometheus.subject import Subject

RECORDINGS: Final[tuple[Callable[[Subject], Iterator[Group]], ...]] = (
    value_groups,
    class_groups,
    class_move_groups,
    largest_groups,
    confidence_groups,
    version_groups,
    input_groups,
    check_groups,
    call_groups,
    segment_traffic_groups,
    budget_groups,
    telemetry_groups,
)
"""In the order in which they are evaluated."""

ALERTS: Final[tuple[Callable[[Subject], Iterator[Alert]], ...]] = (
    output_jump,
    class_jump,
    stuck,
    segment_jump,
    version_differs,
    output_drift,
    confidence_drop,
    input_problems,
    check_fails_more,
    no_calls,
    traffic_drop,
    segment_silent,
    latency_jump,
    budget_burn,
    latency_budget_burn,
    errors,
    telemetry_lost,
    segment_overflow,
)
"""In the order in which people read them."""


def recording_groups(subject: Subject) -> tuple[Group, ...]:
    """Return the recording rules, in groups that all back ends take."""
    return tuple(group for family in RECORDINGS for group in family(subject) if group.rules)


def alerts(subject: Subject) -> tuple[Alert, ...]:
    """Return the alerts that the model's configuration has not switched off."""
    found = (alert for family in ALERTS for alert in family(subject))
    return tuple(alert for alert in found if alert.name not in subject.alerts.off)


def groups(subject: Subject) -> tuple[Group, ...]:
    """Return all rules."""
    found = alerts(subject)
    urgent = tuple(
        Group(f"alerts, {severity.value}s", tuple(alert for alert in found if alert.severity is severity))
        for severity in Severity
    )
    return (*recording_groups(subject), *(group for group in urgent if group.rules))
