"""How many answers are nearly the same: the share of the fullest bucket, or of the largest class."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.classes import METRIC, class_figures
from otel_mlmon.backends.prometheus.recording.constants import baseline_sample
from otel_mlmon.backends.prometheus.recording.extremes import larger
from otel_mlmon.backends.prometheus.recording.incidents import without_incident
from otel_mlmon.backends.prometheus.recording.values import value_figures
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import LAST_DAY, LAST_WEEK, NOW
from otel_mlmon.backends.promql.expression import HOUR, Expression, Selector, dropping
from otel_mlmon.backends.promql.text import duration


@frozen
class Largest:
    """The largest part of one model's answers.

    Attributes
    ----------
    part
        The label that tells buckets, or classes, apart.
    part_record
        The record of how many, or what share, of the last minutes' answers is in each.
    shares
        Returns the share of each part of a window.
    rows
        Returns how many answers a window had, and an offset ago.
    baseline
        The largest part on known data.
    """

    subject: Subject
    metric: str
    level: Level
    part: str
    part_record: str
    shares: Callable[[int], Expression]
    rows: Callable[[int, int], Selector]
    baseline: Expression | None

    @property
    def usual_record(self) -> str:
        """The record of the share that the largest part usually has."""
        return self.level.record(self.metric, "usual_largest_share")

    def record(self, window: int) -> str:
        """Return the record of the share of the largest part."""
        return self.level.record(self.metric, f"largest_share{duration(window)}")

    def share(self, window: int, offset: int = 0) -> Selector:
        """Select the share of the largest part."""
        return self.subject.recorded(self.record(window), offset=offset)

    def usual(self) -> Selector:
        """Select the share that it usually has."""
        return self.subject.recorded(self.usual_record)

    def recordings(self) -> Iterator[Recording]:
        """Return the rules."""
        for window in (NOW, HOUR):
            yield Recording(self.record(window), dropping("max", self.shares(window), self.part))
        yield Recording(self.usual_record, self._usual())

    def _usual(self) -> Expression:
        last_week = self._in_the_past(LAST_WEEK)
        if self.baseline is None:
            return last_week.otherwise(self._in_the_past(LAST_DAY))
        on_known_data = (self.share(HOUR) * 0).plus(self.baseline, self.level.of_constants)
        return larger(last_week, on_known_data, self.level.same)

    def _in_the_past(self, offset: int) -> Expression:
        enough = self.rows(HOUR, offset).at_least(self.subject.alerts.rows)
        return without_incident(self.share(HOUR, offset).where(enough, self.level.same), self.subject, "output", offset)


def largest(subject: Subject) -> Largest | None:
    """Return the fullest bucket's figures, or the largest class's where the model has no numbers; None without both.

    A model with numbers is not judged by its classes: that all of a calm hour's answers are "no" is no fault.
    """
    return _bucket(subject) or _class(subject)


def largest_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules."""
    figures = largest(subject)
    if figures is not None:
        yield Group("largest part", tuple(figures.recordings()))


def _bucket(subject: Subject) -> Largest | None:
    figures = value_figures(subject, level.MODEL)
    if figures.boundaries is None:
        return None
    windows = {NOW: figures.now, HOUR: figures.hour}
    known = baseline_sample(subject, names.VALUE)
    shares = known.in_bucket.over(known.rows, figures.level.of_constants)
    return Largest(
        subject,
        names.VALUE,
        figures.level,
        names.LE,
        figures.now.in_bucket_record,
        lambda window: windows[window].shares(),
        lambda window, offset: windows[window].rows(offset),
        None if subject.baseline is None else dropping("max", shares, names.LE),
    )


def _class(subject: Subject) -> Largest | None:
    figures = class_figures(subject, level.MODEL)
    if figures is None:
        return None
    known = figures.baseline_share()
    return Largest(
        subject,
        METRIC,
        figures.whole,
        names.CLASS,
        figures.shares.share_record(NOW),
        figures.shares.share,
        lambda window, offset: figures.shares.total(window, offset=offset),
        None if subject.baseline is None else dropping("max", known, names.CLASS),
    )
