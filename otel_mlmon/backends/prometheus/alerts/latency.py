"""Calls take much longer than just before and than usual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon.backends.prometheus import level, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.recording.calls import MEDIAN, SLOW, CallFigures
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW, NOW_NAME
from otel_mlmon.backends.promql.expression import HOUR, MINUTE

NAME: Final = "ModelLatencyJump"
SECONDS: Final = "humanizeDuration"
TIMES: Final = 'printf "%.1f"'


def latency_jump(subject: Subject) -> Iterator[Alert]:
    """Return the alert that the median latency jumped."""
    figures = CallFigures(subject, level.MODEL)
    at, threshold = figures.level, subject.alerts.latency_ratio
    usual = subject.recorded(figures.usual_median_record)
    now = texts.figure(figures.latency_record(MEDIAN, NOW), at.labels, SECONDS)
    usually = texts.figure(figures.usual_median_record, at.labels, SECONDS)
    median = figures.latency_record(MEDIAN, NOW)
    slowest = texts.worst_segments("Slowest are", median, subject.call_segments, at, SECONDS)
    yield Alert(
        name=NAME,
        severity=Severity.TICKET,
        symptom="latency",
        level=at,
        measure=figures.latency_over(usual, NOW).otherwise(figures.latency_over(usual, HOUR)),
        threshold=threshold,
        parameter="latency_ratio",
        # Halfway: the hour before has some of the slow calls when the last minutes have none but these.
        guard=figures.largest_latency_rise().above((1 + threshold) / 2),
        wait=5 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: calls take {texts.value(TIMES)} times as long as usual, {now} instead of {usually}",
        description=(
            f"Half of the calls of the last {NOW_NAME} took more than {now}; usually it is {usually}. "
            f"One in a hundred took more than {texts.figure(figures.latency_record(SLOW, NOW), at.labels, SECONDS)}."
            + slowest
            + beside(subject, at)
        ),
        runbook=subject.runbook_of(NAME),
    )
