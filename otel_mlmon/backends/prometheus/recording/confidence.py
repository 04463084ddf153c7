"""How sure the model is: the mean probability of the most probable class.

Of a calibrated model that is the share of right answers to be expected, before any ground truth is there.
C. Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.incidents import without_incident
from otel_mlmon.backends.prometheus.rule import Group, Recording
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import LAST_WEEK, NOW
from otel_mlmon.backends.promql.expression import (
    HOUR,
    Expression,
    Selector,
    aggregated,
    any_of,
    call,
    labelled,
)
from otel_mlmon.backends.promql.text import duration
from otel_mlmon.config.baseline import Histogram
from otel_mlmon.config.schema import OutputKind


@frozen
class ConfidenceFigures:
    """The confidence of one model at one level."""

    subject: Subject
    level: Level

    @property
    def usual_record(self) -> str:
        """The record of the mean that is usual at this hour."""
        return self.level.record(names.CONFIDENCE, "usual_mean")

    def mean_record(self, window: int) -> str:
        """Return the record of the mean."""
        return self.level.record(names.CONFIDENCE, f"mean{duration(window)}")

    def mean(self, window: int, offset: int = 0) -> Selector:
        """Select the mean."""
        return self.subject.recorded(self.mean_record(window), offset=offset)

    def usual(self) -> Selector:
        """Select the mean that is usual."""
        return self.subject.recorded(self.usual_record)

    def rows(self, window: int, offset: int = 0) -> Selector:
        """Select how many answers there were."""
        return self.subject.recorded(self._rows_record(window), offset=offset)

    def recordings(self) -> Iterator[Recording]:
        """Return the rules of the means."""
        for window in (NOW, HOUR):
            counted = self._increase("count", window)
            yield Recording(self._rows_record(window), counted)
            # Nothing by nothing would be no number and no gap either.
            yield Recording(
                self.mean_record(window),
                self._increase("sum", window).over(self.rows(window).above(0), self.level.same),
            )

    def usual_recording(self) -> Recording:
        """Return the rule of what is usual: this hour last week, else the baseline."""
        enough = self.rows(HOUR, LAST_WEEK).at_least(self.subject.alerts.rows)
        last_week = self.mean(HOUR, LAST_WEEK).where(enough, self.level.same)
        known = without_incident(last_week, self.subject, "output", LAST_WEEK)
        histograms = () if self.subject.baseline is None else self.subject.baseline.confidence
        if histograms:
            constant = labelled(any_of(tuple(map(_constant, histograms))), names.MODEL, self.subject.name)
            known = known.otherwise((self.mean(HOUR) * 0).plus(constant, self.level.of_constants))
        return Recording(self.usual_record, known)

    def _increase(self, figure: str, window: int) -> Expression:
        selected = self.subject.select(f"{names.CONFIDENCE}_{figure}", window=window)
        return aggregated("sum", call("increase", selected), *self.level.labels)

    def _rows_record(self, window: int) -> str:
        return self.level.record(names.CONFIDENCE, f"rows{duration(window)}")


def confidence_figures(subject: Subject, at: Level) -> ConfidenceFigures | None:
    """Return the figures of a level, by output where a model has several; None where it tells no confidence."""
    if subject.baseline is None:
        told = subject.rule.output.kind in {None, OutputKind.PROBABILITY}
        return ConfidenceFigures(subject, at) if told else None
    histograms = subject.baseline.confidence
    if not histograms:
        return None
    return ConfidenceFigures(subject, at.beside("output", names.OUTPUT) if len(histograms) > 1 else at)


def confidence_groups(subject: Subject) -> Iterator[Group]:
    """Return the rules of a model's confidence: of it as a whole, by segment and by version."""
    whole = confidence_figures(subject, level.MODEL)
    if whole is None:
        return
    yield Group("confidence", (*whole.recordings(), whole.usual_recording()))
    for segment in subject.segments:
        yield Group(f"confidence by {segment.key}", tuple(_of_part(subject, segment)))
    yield Group("confidence by version", tuple(_of_part(subject, level.VERSION)))


def _of_part(subject: Subject, at: Level) -> Iterator[Recording]:
    figures = confidence_figures(subject, at)
    if figures is not None:
        yield from figures.recordings()


def _constant(histogram: Histogram) -> Expression:
    mean = call("vector", float(f"{histogram.total.sum / max(histogram.total.rows, 1):.6g}"))
    return mean if histogram.name is None else labelled(mean, names.OUTPUT, histogram.name)
