"""A watched input column has more bad values than usual."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon.backends.prometheus import names, texts
from otel_mlmon.backends.prometheus.alerts.context import failing_checks
from otel_mlmon.backends.prometheus.recording.inputs import SYMPTOM, bad_by_state, inputs_lately
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW
from otel_mlmon.backends.promql.expression import HOUR, MINUTE

NAME: Final = "ModelInputProblems"


def input_problems(subject: Subject) -> Iterator[Alert]:
    """Return the alert of a model with watched columns."""
    if not subject.rule.inputs:
        return
    lately = inputs_lately(subject)
    share, at = lately.share, lately.share.level
    column = f"{{{{ $labels.{names.INPUT} }}}}"
    now = texts.figure(lately.recent_record, at.labels)
    usual = texts.figure(lately.usual_record, at.labels)
    state = texts.worst(bad_by_state(subject).share_record(NOW), at, (names.STATE,), before="\nMost of them: ")
    most = texts.worst_segments("Most in", share.share_record(NOW), subject.call_segments, at)
    yield Alert(
        name=NAME,
        severity=Severity.PAGE,
        symptom=SYMPTOM,
        level=at,
        measure=lately.excess(),
        threshold=subject.alerts.inputs,
        parameter="inputs",
        guard=lately.largest_rise().above(subject.alerts.inputs / 2),
        wait=3 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: {now} of the values of the input {column} are bad, {usual} usually",
        description=(
            f"{now} of the values of the input {column} are not what the model knows; usually {usual} are."
            + state
            + most
            + texts.released(at)
            + failing_checks(subject)
        ),
        runbook=subject.runbook_of(NAME),
    )
