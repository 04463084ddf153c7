"""The classes that a model answers with: the share of each, and what share is usual."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.extremes import larger
from otel_mlmon.backends.prometheus.recording.incidents import without_incident
from otel_mlmon.backends.prometheus.recording.share import Share
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import BEFORE, LAST_WEEK, NOW
from otel_mlmon.backends.promql.expression import (
    HOUR,
    Expression,
    Selector,
    any_of,
    call,
    labelled,
)
from otel_mlmon.backends.promql.text import duration
from otel_mlmon.config.baseline import Tally
from otel_mlmon.config.schema import OutputKind

METRIC = names.label(semconv.PREDICTIONS)


@frozen
class ClassFigures:
    """The classes of one model at one level.

    Attributes
    ----------
    whole
        Whose labels a number of predictions has; a class's share has the class beside them.
    """

    subject: Subject
    whole: Level

    @property
    def level(self) -> Level:
        """Whose labels the share of a class has."""
        return self.whole.beside("class", names.CLASS)

    @property
    def shares(self) -> Share:
        """The share of each class."""
        return Share(self.subject, names.PREDICTIONS, METRIC, "share", (), self.level, self.whole)

    @property
    def grown_record(self) -> str:
        """The record of what the share of the last minutes has more than the hour before."""
        return self.level.record(METRIC, "grown")

    @property
    def usual_record(self) -> str:
        """The record of the share that is usual at this hour."""
        return self.level.record(METRIC, "usual_share")

    def reference_record(self, window: int) -> str:
        """Return the record of the larger of the usual share and the one in the hour before the window."""
        return self.level.record(METRIC, f"reference_share{duration(window)}")

    def deviation_record(self, window: int) -> str:
        """Return the record of the standard deviation that the difference to the reference has by chance."""
        return self.level.record(METRIC, f"deviation{duration(window)}")

    def reference(self, window: int) -> Selector:
        """Select the share that one of a window is compared with."""
        return self.subject.recorded(self.reference_record(window))

    def deviation(self, window: int) -> Selector:
        """Select the standard deviation of the difference."""
        return self.subject.recorded(self.deviation_record(window))

    def baseline_share(self) -> Selector:
        """Select the share of each class of the baseline, which is of no job."""
        return self.subject.recorded(_baseline_record())

    def grown(self) -> Recording:
        """Return the rule of how much each class has grown against the hour before."""
        now = self.shares.share(NOW)
        before = self.shares.share(HOUR, offset=NOW).otherwise(now * 0)
        return Recording(self.grown_record, now.minus(before, self.level.same))

    def usual(self) -> Recording:
        """Return the rule of the usual share: of this hour last week, else of the baseline."""
        enough = self.shares.total(HOUR, offset=LAST_WEEK).at_least(self.subject.alerts.rows)
        last_week = self.shares.share(HOUR, offset=LAST_WEEK).where(enough, self.whole.same)
        known = without_incident(last_week, self.subject, "output", LAST_WEEK)
        if self.subject.baseline is not None:
            here = self.shares.share(HOUR) * 0
            known = any_of((known, here.plus(self.baseline_share(), self.level.of_constants), here))
        return Recording(self.usual_record, known)

    def reference_recordings(self, window: int, before: int) -> Iterator[Recording]:
        """Return the rules of what the share of a window is compared with, and how far it may be off by chance.

        Parameters
        ----------
        before
            Seconds by which the hour before the window lies in the past.
        """
        now, same = self.shares.share(window), self.level.same
        usual = self.subject.recorded(self.usual_record)
        known = larger(self.shares.share(HOUR, offset=before), usual, same)
        # A class that was never answered is no missing figure: its share was 0.
        yield Recording(self.reference_record(window), known.otherwise(now * 0))
        share = now.plus(self.reference(window), same) / 2
        spread = self.subject.alerts.overdispersion
        before_rows = self.shares.total(HOUR, offset=before)
        samples = (spread / self.shares.total(window)).plus(spread / before_rows, self.whole.same)
        variance = (share * (1 - share)).times(samples, self.whole.same.many())
        yield Recording(self.deviation_record(window), call("sqrt", variance))


def class_figures(subject: Subject, at: Level) -> ClassFigures | None:
    """Return the figures of a level, by output where a model has several; None where it answers with no classes."""
    if subject.baseline is None:
        # What a framework's classifiers answer is not known from here; rules of what never comes are silent.
        return None if subject.rule.output.kind is OutputKind.SCORE else ClassFigures(subject, at)
    classes = subject.baseline.classes
    if not classes:
        return None
    return ClassFigures(subject, at.beside("output", names.OUTPUT) if len(classes) > 1 else at)


def class_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of a model's classes: of it as a whole, by segment and by version."""
    whole = class_figures(subject, level.MODEL)
    if whole is None:
        return
    yield Group("classes", tuple(_of_model(whole)))
    for segment in subject.segments:
        yield Group(f"classes by {segment.key}", tuple(_of_part(subject, segment)))
    yield Group("classes by version", tuple(_of_part(subject, level.VERSION)))


def _of_model(figures: ClassFigures) -> Iterator[Recording]:
    yield from figures.shares.recordings(NOW)
    yield from figures.shares.recordings(HOUR)
    if figures.subject.baseline is not None:
        yield _baseline_recording(figures.subject, figures.subject.baseline.classes)
    yield figures.usual()
    yield from figures.reference_recordings(NOW, NOW)
    yield from figures.reference_recordings(HOUR, BEFORE)
    yield figures.grown()


def _of_part(subject: Subject, at: Level) -> Iterator[Recording]:
    figures = class_figures(subject, at)
    if figures is None:
        return
    yield from figures.shares.recordings(NOW)
    yield from figures.shares.recordings(HOUR)
    yield figures.grown()


def _baseline_recording(subject: Subject, tallies: tuple[Tally, ...]) -> Recording:
    parts = [part for tally in tallies for part in _constants(tally)]
    return Recording(_baseline_record(), any_of(tuple(parts)), labels={names.MODEL: subject.name})


def _constants(tally: Tally) -> Iterator[Expression]:
    rows = sum(tally.total.values())
    for name, count in tally.total.items():
        share = labelled(call("vector", float(f"{count / max(rows, 1):.6g}")), names.CLASS, name)
        yield share if tally.name is None else labelled(share, names.OUTPUT, tally.name)


def _baseline_record() -> str:
    return f"model:{METRIC}:baseline_share"
