"""The replay so far, hour by hour, and the figures of any stretch of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import reduce

import numpy as np
from attrs import define, field, frozen

from otel_mlmon.cli.demo.baseline import Baseline, Distribution
from otel_mlmon.cli.demo.detection import Reading
from otel_mlmon.cli.demo.measures import ks, psi, quantile
from otel_mlmon.cli.demo.replay import Traffic
from otel_mlmon.cli.demo.story import Phase
from otel_mlmon.cli.demo.telemetry import Answers, Scores


@frozen(eq=False)
class Hour:
    """One replayed hour."""

    begins: datetime
    phase: Phase
    traffic: Traffic
    answers: Answers
    readings: tuple[Reading, ...]

    @property
    def ends(self) -> datetime:
        """Return when the next one begins."""
        return self.begins + timedelta(hours=1)


@frozen
class Figures:
    """A stretch in numbers; shares are of 1, durations in seconds."""

    rows: int
    calls: int
    mean: float
    late_share: float
    psi: float
    ks: float
    call_p50: float
    call_p99: float
    request_p99: float
    failed_share: float


@frozen
class OriginFigures:
    """One origin of a stretch against its own baseline."""

    mean: float
    psi: float
    ks: float


@frozen(eq=False)
class Stretch:
    """Some hours taken together."""

    answers: Answers
    traffic: Traffic

    def figures(self, baseline: Baseline) -> Figures:
        """Return the numbers of the stretch."""
        scores, answers = self.answers.overall, self.answers
        return Figures(
            rows=scores.rows,
            calls=int(answers.durations.sum()),
            mean=scores.mean,
            late_share=answers.late_share,
            psi=float(psi(scores.counts, baseline.overall.counts)),
            ks=ks(scores.counts, baseline.overall.counts) if scores.rows else float("nan"),
            call_p50=quantile(answers.duration_bounds, answers.durations, 0.5),
            call_p99=quantile(answers.duration_bounds, answers.durations, 0.99),
            request_p99=float(np.quantile(self.traffic.seconds, 0.99)),
            failed_share=self.traffic.failures / self.traffic.requests,
        )


def origin_figures(scores: Scores, usual: Distribution) -> OriginFigures:
    """Return the numbers of one origin; all NaN while it has no scores."""
    if not scores.rows:
        return OriginFigures(float("nan"), float("nan"), float("nan"))
    return OriginFigures(scores.mean, float(psi(scores.counts, usual.counts)), ks(scores.counts, usual.counts))


@define
class Journal:
    """All hours, oldest first."""

    hours: list[Hour] = field(factory=list)

    def add(self, hour: Hour) -> None:
        """Append the hour that has just ended."""
        self.hours.append(hour)

    def phase(self, phase: Phase) -> Stretch | None:
        """Return all hours of a phase, or None when there are none."""
        hours = [hour for hour in self.hours if hour.phase is phase]
        return _together(hours) if hours else None

    def latest(self, rows: int) -> Stretch:
        """Return as many of the latest hours as hold ``rows`` rows, or all."""
        return _together(_latest(self.hours, rows))

    def windows(self, rows: int) -> Iterator[tuple[Hour, Stretch]]:
        """Yield each hour by whose end there were ``rows`` rows, with the latest hours that hold them."""
        total = 0
        for end, hour in enumerate(self.hours, start=1):
            total += hour.answers.overall.rows
            if total >= rows:
                yield hour, _together(_latest(self.hours[:end], rows))


def _latest(hours: list[Hour], rows: int) -> list[Hour]:
    kept: list[Hour] = []
    total = 0
    for hour in reversed(hours):
        if total >= rows:
            break
        kept.append(hour)
        total += hour.answers.overall.rows
    return kept


def _together(hours: Iterable[Hour]) -> Stretch:
    chosen = list(hours)
    return Stretch(
        reduce(Answers.plus, (hour.answers for hour in chosen)),
        Traffic(
            rows=sum(hour.traffic.rows for hour in chosen),
            seconds=tuple(second for hour in chosen for second in hour.traffic.seconds),
            failures=sum(hour.traffic.failures for hour in chosen),
        ),
    )
