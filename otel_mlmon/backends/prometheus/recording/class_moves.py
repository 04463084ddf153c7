"""How many answers went to another class, of a model that answers with classes only: what its values tell of others."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.classes import METRIC, ClassFigures, class_figures
from otel_mlmon.backends.prometheus.recording.comparison import MEAN_OF_ABSOLUTE_NORMAL
from otel_mlmon.backends.prometheus.recording.values import boundaries
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import BEFORE, NOW
from otel_mlmon.backends.promql.expression import HOUR, Expression, Selector, call, dropping


@frozen
class ClassMove:
    """The classes of a window against those of the hour before it.

    Attributes
    ----------
    name
        Ends the names of the records.
    before
        Seconds by which the hour before lies in the past.
    """

    figures: ClassFigures
    name: str
    window: int
    before: int

    def moved(self) -> Expression:
        """Return the share of the answers that have another class, beyond chance, where there are enough."""
        shares, same, rows = self.figures.shares, self.figures.whole.same, self.figures.subject.alerts.rows
        share = self._select("l1").minus(self._select("noise"), same) / 2
        recent, earlier = shares.total(self.window), shares.total(HOUR, offset=self.before)
        return share.where(recent.at_least(rows), same).where(earlier.at_least(rows), same)

    def recordings(self) -> Iterator[Recording]:
        """Return the rules."""
        shares, whole = self.figures.shares, self.figures.whole
        now, was = shares.share(self.window), shares.share(HOUR, offset=self.before)
        # A class that one of both has not is no missing figure: its share there is 0.
        apart = now.otherwise(was * 0).minus(was.otherwise(now * 0), self.figures.level.same)
        yield Recording(self._record("l1"), dropping("sum", call("abs", apart), names.CLASS))
        spread = dropping("sum", call("sqrt", was * (1 - was)), names.CLASS)
        variance = self.figures.subject.alerts.overdispersion
        earlier = variance / shares.total(HOUR, offset=self.before)
        samples = (variance / shares.total(self.window)).plus(earlier, whole.same)
        noise = MEAN_OF_ABSOLUTE_NORMAL * call("sqrt", samples).times(spread, whole.same)
        yield Recording(self._record("noise"), noise)

    def _select(self, measure: str) -> Selector:
        return self.figures.subject.recorded(self._record(measure))

    def _record(self, measure: str) -> str:
        return self.figures.whole.record(METRIC, f"{measure}_{self.name}")


@frozen
class ClassMoves:
    """Both comparisons: by minutes, and by hours for traffic that is too thin for minutes."""

    figures: ClassFigures

    @property
    def by_minutes(self) -> ClassMove:
        """The last minutes against the hour before them."""
        return ClassMove(self.figures, "hour_before", NOW, NOW)

    @property
    def by_hours(self) -> ClassMove:
        """The last hour against the one before it."""
        return ClassMove(self.figures, "hour_by_hour", HOUR, BEFORE)


def class_moves(subject: Subject, at: Level) -> ClassMoves | None:
    """Return the moves of a level; None where the model's values tell more, or where there are no classes."""
    figures = class_figures(subject, at)
    return None if figures is None or boundaries(subject) is not None else ClassMoves(figures)


def class_move_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of the model as a whole and of its segments."""
    for at in (level.MODEL, *subject.segments):
        moves = class_moves(subject, at)
        if moves is not None:
            rules = (*moves.by_minutes.recordings(), *moves.by_hours.recordings())
            yield Group("classes against before" if at.key is None else f"classes by {at.key} against before", rules)
