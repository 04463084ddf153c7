"""What every alert adds: what else is unusual, so that the cause is in the page itself."""

from __future__ import annotations

from otel_mlmon.backends.prometheus import level, names, texts
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.checks import has_checks, unusual_fails_record
from otel_mlmon.backends.prometheus.recording.inputs import unusual_inputs_record
from otel_mlmon.backends.prometheus.subject import Subject


def beside(subject: Subject, given: Level, by_segment: str | None = None) -> str:
    """Return lines about releases, inputs, checks and segments, as far as the model has them.

    Parameters
    ----------
    given
        Whose labels the alert has.
    by_segment
        The model's record whose largest value in its segments tells the worst one; None: none is told.
    """
    said = texts.released(given) + bad_inputs(subject) + failing_checks(subject)
    if by_segment is not None:
        said += texts.worst_segments("Most in", by_segment, subject.segments, given)
    return said


def bad_inputs(subject: Subject) -> str:
    """Return a line about the worst input, where one is worse than usual."""
    if not subject.rule.inputs:
        return ""
    shown = (names.INPUT, names.STATE)
    return texts.worst(unusual_inputs_record(subject), level.MODEL, shown, before="\nBad input: ")


def failing_checks(subject: Subject) -> str:
    """Return a line about the worst check, where one fails more often than usual."""
    if not has_checks(subject):
        return ""
    before = "\nFails more often than usual: the check "
    return texts.worst(unusual_fails_record(subject), level.MODEL, (names.CHECK,), before=before)
