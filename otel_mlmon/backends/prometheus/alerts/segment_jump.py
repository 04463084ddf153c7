"""One segment's answers change, and those of the model as a whole do not: a client, a region, an input of only some."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from otel_mlmon.backends.prometheus import level, names, texts
from otel_mlmon.backends.prometheus.alerts.context import beside
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.class_moves import class_moves
from otel_mlmon.backends.prometheus.recording.values import value_figures
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Expression, call

NAME = "ModelSegmentJump"


@frozen
class Moves:
    """What of one level's answers lies elsewhere than just before.

    Attributes
    ----------
    level
        Whose labels the figures have.
    by_minutes, by_hours
        The share that moved.
    told
        What there is to say of it.
    """

    level: Level
    by_minutes: Expression
    by_hours: Expression
    told: str


def segment_jump(subject: Subject) -> Iterator[Alert]:
    """Return an alert for each segment key of a model whose values have known boundaries, or that has classes."""
    whole = _moves(subject, level.MODEL)
    for segment in subject.segments:
        part = _moves(subject, segment)
        if whole is not None and part is not None:
            yield _alert(subject, whole, part, segment)


def _alert(subject: Subject, whole: Moves, part: Moves, segment: Level) -> Alert:
    this = f"{segment.key}={{{{ $labels.{segment.labels[-1]} }}}}"
    by_minutes = _beyond(whole.level, whole.by_minutes, part.by_minutes)
    return Alert(
        name=NAME,
        severity=Severity.TICKET,
        symptom="segment",
        level=part.level,
        measure=by_minutes.otherwise(_beyond(whole.level, whole.by_hours, part.by_hours)),
        threshold=subject.alerts.segment,
        parameter="segment",
        wait=3 * MINUTE,
        keep=HOUR,
        summary=f"{texts.WHO}: the answers for {this} changed, those of the rest did not as much",
        description=(
            f"For {this}, {texts.value()} more of the answers lie elsewhere than in the hour before, compared with the "
            f"model as a whole. For {this}{part.told}; for the whole model{whole.told}." + beside(subject, part.level)
        ),
        runbook=subject.runbook_of(NAME),
        labels={"segment_key": segment.key or segment.name},
    )


def _moves(subject: Subject, at: Level) -> Moves | None:
    values = value_figures(subject, at)
    if values.boundaries is not None:
        hour, now = (
            texts.figure(each.mean_record, values.level.labels, texts.NUMBER) for each in (values.hour, values.now)
        )
        told = f" their mean is {hour} in the last hour, {now} in the last {NOW // MINUTE} minutes"
        return Moves(values.level, values.moved_by_minutes.select(), values.moved_by_hours.select(), told)
    classes = class_moves(subject, at)
    if classes is None:
        return None
    figures = classes.figures
    grown = texts.worst(figures.grown_record, figures.whole, (names.CLASS,), before=" the class that grew most is ")
    return Moves(figures.whole, classes.by_minutes.moved(), classes.by_hours.moved(), grown)


def _beyond(whole: Level, model: Expression, segment: Expression) -> Expression:
    """Return what of a segment moved beyond the model, over the same time: else what is over would look like new."""
    # Less than chance is no movement into the other direction.
    return segment.minus(call("clamp_min", model, 0), whole.same.many())
