"""Watched input columns: what share of the values of each is bad, and in what way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.lately import Lately, usual_share
from otel_mlmon.backends.prometheus.recording.share import Share
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW
from otel_mlmon.backends.promql.expression import HOUR, Expression, Matcher

METRIC: Final = names.label(semconv.INPUT_VALUES)
SYMPTOM: Final = "input"
_BAD: Final = (Matcher(names.STATE, semconv.STATE_OK, "!="),)


def bad_values(subject: Subject, at: Level) -> Share:
    """Return the share of bad values of each column at a level."""
    each = at.beside("input", names.INPUT)
    return Share(subject, names.INPUT_VALUES, METRIC, "bad_share", _BAD, each, each)


def inputs_lately(subject: Subject) -> Lately:
    """Return the shares of bad values beside those before; the same question has the same inputs."""
    return Lately(bad_values(subject, level.MODEL), subject.alerts.overdispersion)


def bad_by_state(subject: Subject) -> Share:
    """Return the share of the values of each column that are bad in a certain way."""
    each = level.MODEL.beside("input", names.INPUT)
    return Share(subject, names.INPUT_VALUES, METRIC, "share", _BAD, each.beside("state", names.STATE), each)


def input_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of a model's watched columns: of it as a whole, and by segment of calls."""
    if not subject.rule.inputs:
        return
    whole = bad_values(subject, level.MODEL)
    # The number of all values is recorded with the first share already.
    _, by_state = bad_by_state(subject).recordings(NOW)
    compared = inputs_lately(subject)
    lately = compared.recordings(_usual(whole))
    unusual = Recording(unusual_inputs_record(subject), compared.unusual(bad_by_state(subject).share(NOW)))
    yield Group("inputs", (*whole.recordings(NOW), *whole.recordings(HOUR), by_state, *lately, unusual))
    for segment in subject.call_segments:
        part = bad_values(subject, segment)
        yield Group(f"inputs by {segment.key}", (*part.recordings(NOW), *part.recordings(HOUR)))


def unusual_inputs_record(subject: Subject) -> str:
    """Return the record of the shares of bad values that are above the usual ones, by column and what is wrong."""
    return bad_by_state(subject).level.record(METRIC, "unusual_share")


def _usual(bad: Share) -> Expression:
    # No column should have bad values: those of a new service are judged from its first minutes.
    return usual_share(bad).otherwise(bad.total(HOUR) * 0)
