"""The values that a model answers with: their distribution, and how far it has moved."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.comparison import Comparison, Sample
from otel_mlmon.backends.prometheus.recording.constants import baseline_recordings, baseline_sample, width_recording
from otel_mlmon.backends.prometheus.recording.distribution import Distribution
from otel_mlmon.backends.prometheus.recording.move import Move
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import BEFORE, LAST_DAY, LAST_WEEK, NOW
from otel_mlmon.backends.promql.expression import HOUR, Expression, Matching, Selector, Subquery, call
from otel_mlmon.config.buckets import PROBABILITY
from otel_mlmon.config.schema import OutputKind


@frozen
class ValueFigures:
    """The values of one model at one level.

    Attributes
    ----------
    boundaries
        None where they are not known: then there is no comparison.
    """

    subject: Subject
    level: Level
    boundaries: tuple[float, ...] | None

    @property
    def now(self) -> Distribution:
        """The last minutes."""
        return self._over(NOW)

    @property
    def hour(self) -> Distribution:
        """The last hour."""
        return self._over(HOUR)

    @property
    def day(self) -> Distribution:
        """The last day: sums of hours, for a day of raw samples costs a back end much."""
        return self._over(LAST_DAY)

    @property
    def hour_before(self) -> Comparison:
        """The last minutes against the hour before them: what changes suddenly is mostly a change of ours."""
        return self._comparison("hour_before", _sample(self.now), _sample(self.hour, NOW))

    @property
    def hour_by_hour(self) -> Comparison:
        """The last hour against the one before it, for traffic that is too thin for minutes."""
        return self._comparison("hour_by_hour", _sample(self.hour), _sample(self.hour, BEFORE))

    @property
    def moved_by_minutes(self) -> Move:
        """The share of the last minutes' answers that moved."""
        return Move(self.hour_before)

    @property
    def moved_by_hours(self) -> Move:
        """The share of the last hour's answers that moved."""
        return Move(self.hour_by_hour)

    @property
    def last_week(self) -> Comparison:
        """The last hour against the same hour a week ago."""
        return self._comparison("last_week", _sample(self.hour), _sample(self.hour, LAST_WEEK))

    @property
    def last_day(self) -> Comparison:
        """The last hour against the day before it."""
        return self._comparison("last_day", _sample(self.hour), _sample(self.day, HOUR))

    @property
    def day_last_week(self) -> Comparison:
        """The last day against the same day a week ago."""
        return self._comparison("day_last_week", _sample(self.day), _sample(self.day, LAST_WEEK))

    @property
    def baseline(self) -> Comparison:
        """The last hour against the baseline."""
        return self._against_baseline("baseline", self.hour)

    @property
    def day_baseline(self) -> Comparison:
        """The last day against the baseline."""
        return self._against_baseline("day_baseline", self.day)

    def _against_baseline(self, name: str, recent: Distribution) -> Comparison:
        reference = baseline_sample(self.subject, names.VALUE)
        return self._comparison(name, _sample(recent), reference, self.level.of_constants)

    def _comparison(self, name: str, recent: Sample, reference: Sample, matching: Matching | None = None) -> Comparison:
        buckets = 0 if self.boundaries is None else len(self.boundaries) + 1
        return Comparison(
            name, self.subject, names.VALUE, self.level, recent, reference, matching or self.level.same, buckets
        )

    def _over(self, window: int) -> Distribution:
        return Distribution(self.subject, names.VALUE, self.level, window, self.boundaries)


def boundaries(subject: Subject) -> tuple[float, ...] | None:
    """Return the boundaries of a model's values, as far as baseline or configuration tell."""
    histograms = () if subject.baseline is None else subject.baseline.values
    known = {histogram.boundaries for histogram in histograms}
    if known:
        return known.pop() if len(known) == 1 else None
    output = subject.rule.output
    if output.boundaries is not None:
        return output.boundaries
    return PROBABILITY.boundaries if output.kind is OutputKind.PROBABILITY else None


def value_figures(subject: Subject, at: Level) -> ValueFigures:
    """Return the figures of a level, by output where a model may have several."""
    several = subject.baseline is None or len(subject.baseline.values) > 1
    return ValueFigures(subject, at.beside("output", names.OUTPUT) if several else at, boundaries(subject))


def value_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of a model's values: of it as a whole, by segment and by version."""
    whole = value_figures(subject, level.MODEL)
    yield Group("values", tuple(_of_model(whole)))
    if whole.boundaries is not None:
        yield Group("values against before", tuple(_against_before(whole)))
        if subject.baseline is not None:
            yield Group("values against the baseline", tuple(_against_baseline(whole)))
    for segment in subject.segments:
        yield Group(f"values by {segment.key}", tuple(_of_part(value_figures(subject, segment))))
    yield Group("values by version", tuple(_of_part(value_figures(subject, level.VERSION))))


def _of_model(figures: ValueFigures) -> Iterator[Recording]:
    yield from figures.now.recordings()
    yield from figures.hour.recordings()
    if figures.boundaries is None:
        return
    day, hour = figures.day, figures.hour
    yield Recording(day.in_bucket_record, _summed(hour.in_bucket()))
    yield Recording(day.up_to_record, _summed(hour.up_to()))
    yield Recording(day.rows_record, _summed(hour.rows()))
    yield width_recording(figures.subject, names.VALUE, figures.boundaries)


def _against_before(figures: ValueFigures) -> Iterator[Recording]:
    for comparison in (figures.hour_before, figures.hour_by_hour, figures.last_week, figures.last_day):
        yield comparison.distance()
        yield comparison.noise()
    yield figures.moved_by_minutes.recording()
    yield figures.moved_by_hours.recording()
    yield figures.day_last_week.distance()
    yield figures.day_last_week.noise()
    yield from figures.last_week.others()
    yield from figures.last_day.others()


def _against_baseline(figures: ValueFigures) -> Iterator[Recording]:
    baseline = figures.subject.baseline
    histograms = () if baseline is None else baseline.values
    yield from baseline_recordings(figures.subject, names.VALUE, histograms)
    for comparison in (figures.baseline, figures.day_baseline):
        yield comparison.distance()
        yield comparison.noise()
        yield from comparison.others()


def _of_part(figures: ValueFigures) -> Iterator[Recording]:
    yield from figures.now.recordings()
    yield from figures.hour.recordings()
    if figures.boundaries is not None:
        for move in (figures.moved_by_minutes, figures.moved_by_hours):
            yield move.comparison.distance()
            yield move.comparison.noise()
            yield move.recording()


def _sample(distribution: Distribution, offset: int = 0) -> Sample:
    return Sample(distribution.in_bucket(offset), distribution.up_to(offset), distribution.rows(offset))


def _summed(hourly: Selector) -> Expression:
    return call("sum_over_time", Subquery(hourly, LAST_DAY, HOUR))
