"""Alerts about what the instrumentation itself could not do."""

from __future__ import annotations

from typing import Final

from otel_mlmon.backends.prometheus.runbook import questions
from otel_mlmon.backends.prometheus.runbook.entry import Entry, Step
from otel_mlmon.backends.prometheus.runbook.steps import ours

TELEMETRY_LOST: Final = Entry(
    alert="ModelTelemetryLost",
    means=(
        "The instrumentation could not record something of this service. The model answers as before, but its "
        "figures may be too small, and its alerts may be blind."
    ),
    measure="how often that happened",
    first=(
        Step(
            "What failed?",
            (
                "Label `ml_monitor_stage` tells where and `error_type` what; the service's log has the first of each "
                "kind with its traceback."
            ),
            questions.telemetry,
        ),
        ours(
            "A new release of the model's framework or of otel-mlmon, a model with answers of another shape, a check "
            "that raises."
        ),
        Step(
            "Is it our bug?",
            (
                "A check or a segment function of yours is named in the log: repair it. Otherwise report it, with the "
                "traceback; `OTEL_MLMON_ADAPTERS` leaves one adapter out until then."
            ),
        ),
    ),
    figures=(questions.telemetry, questions.calls),
    wrong="One odd call, once. It is silent when it does not come again.",
    tune="Its threshold is fixed: nothing should be lost.",
)

SEGMENT_OVERFLOW: Final = Entry(
    alert="ModelSegmentOverflow",
    means=(
        "More segment values, or combinations of them, come than are kept: the rest is counted as `other`. The "
        "totals are right; figures by segment are not complete."
    ),
    measure="the share of predictions whose segment was folded into `other`",
    first=(
        ours("Does a segment key now hold an id, a free text or a time? Such a key has no end: take it out."),
        Step(
            "Keep what matters",
            (
                "List the values that you look at in `segments.values`, or raise `segments.max_values`; where keys "
                "multiply, put the most important one first, or raise `limits.combinations`. `otel-mlmon check` tells "
                "how many series that makes."
            ),
            questions.telemetry,
        ),
    ),
    figures=(questions.telemetry,),
    wrong=(
        "A key with a long tail that nobody looks at. List the head in `segments.values`: then the rest is no overflow."
    ),
    tune="Its threshold is fixed: listing the values is the cure.",
)

ENTRIES: Final = (TELEMETRY_LOST, SEGMENT_OVERFLOW)
