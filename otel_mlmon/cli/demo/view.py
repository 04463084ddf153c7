"""What there is to see at the end of a replayed hour: numbers beside what is usual for them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final

from attrs import define, field, frozen

from otel_mlmon.cli.demo.baseline import Baseline
from otel_mlmon.cli.demo.detection import Reading
from otel_mlmon.cli.demo.journal import Figures, Journal, Stretch
from otel_mlmon.cli.demo.overhead import Overhead
from otel_mlmon.cli.demo.story import Course, Phase

WINDOW_ROWS: Final = 240
"""The figures are of the latest hours that hold so many flights."""

LEARNING_HOURS: Final = 19
"""A day with departures: until then no figure has a usual range."""

LIKE_HOURS: Final = 1
"""Hours of the day that far apart are still alike."""


@frozen
class Figure:
    """A number that is watched, and how it is written."""

    label: str
    of: Callable[[Figures], float]
    write: Callable[[float], str]
    slack: float = 1.2
    """It jumps when it leaves its usual range, known from few days, by more than this factor."""
    daily: bool = True
    """Whether it moves with the hour of the day, so that only like hours say what is usual."""


@frozen
class Range:
    """Smallest and largest value while all was well."""

    low: float
    high: float

    def written(self, write: Callable[[float], str]) -> str:
        """Write both ends, the unit once."""
        low, high = write(self.low), write(self.high)
        _, space, unit = high.partition(" ")
        return f"{low.removesuffix(space + unit)} to {high}"

    def holds(self, value: float, slack: float = 1.0) -> bool:
        """Return whether the value is within the range, stretched by the slack."""
        return math.isnan(value) or self.low / slack <= value <= self.high * slack


@frozen
class FigureView:
    """A figure now."""

    figure: Figure
    value: float
    usual: Range | None

    @property
    def jumps(self) -> bool:
        """Return whether it has left its usual range."""
        return self.usual is not None and not self.usual.holds(self.value, self.figure.slack)


@frozen(eq=False)
class View:
    """One moment of the run."""

    ends: datetime
    phase: Phase
    title: str
    broke: datetime | None
    minutes_to_alarm: int | None
    rows_sent: int
    rows_counted: int
    calls: int
    rows_per_second: float
    figures: tuple[FigureView, ...]
    readings: tuple[Reading, ...]
    distances: tuple[float, ...]
    """Of the first rule, over the hours so far."""
    window: Stretch
    baseline: Baseline
    overhead: Overhead

    @property
    def alarm(self) -> bool:
        """Return whether any rule raises its alarm."""
        return any(reading.alarm for reading in self.readings)


def share(value: float) -> str:
    """Write a share in percent."""
    return f"{value:.1%}"


def milliseconds(value: float) -> str:
    """Write seconds as milliseconds."""
    return f"{value * 1000:.1f} ms"


def decimals(value: float) -> str:
    """Write a number with three places."""
    return f"{value:.3f}"


FIGURES: Final = (
    Figure("mean score", lambda now: now.mean, decimals),
    Figure("predicted late", lambda now: now.late_share, share),
    Figure("PSI to training", lambda now: now.psi, decimals),
    Figure("KS to training", lambda now: now.ks, decimals),
    Figure("model call p50", lambda now: now.call_p50, milliseconds, slack=2, daily=False),
    Figure("model call p99", lambda now: now.call_p99, milliseconds, slack=2, daily=False),
    Figure("request p99", lambda now: now.request_p99, milliseconds, slack=2, daily=False),
    Figure("failed requests", lambda now: now.failed_share, share, daily=False),
)


@define
class Observer:
    """Makes a view of each hour, and learns the usual ranges while all is well."""

    baseline: Baseline
    title: str
    overhead: Overhead
    _healthy: list[tuple[int, Figures]] = field(factory=list)
    _sent: int = 0
    _calls: int = 0

    def view(self, journal: Journal, course: Course, counted: int, rows_per_second: float) -> View:
        """Return what there is to see at the end of the journal's last hour."""
        hour = journal.hours[-1]
        window = journal.latest(WINDOW_ROWS)
        now = window.figures(self.baseline)
        self._sent += hour.traffic.rows
        self._calls += int(hour.answers.durations.sum())
        if hour.phase is Phase.HEALTHY and now.rows >= WINDOW_ROWS:
            self._healthy.append((hour.begins.hour, now))
        return View(
            ends=hour.ends,
            phase=hour.phase,
            title=self.title,
            broke=course.broke,
            minutes_to_alarm=course.minutes_to_alarm,
            rows_sent=self._sent,
            rows_counted=counted,
            calls=self._calls,
            rows_per_second=rows_per_second,
            figures=tuple(
                FigureView(figure, figure.of(now), self._usual(figure, hour.begins.hour)) for figure in FIGURES
            ),
            readings=hour.readings,
            distances=tuple(past.readings[0].distance for past in journal.hours),
            window=window,
            baseline=self.baseline,
            overhead=self.overhead,
        )

    def _usual(self, figure: Figure, hour: int) -> Range | None:
        values = [
            figure.of(figures)
            for other, figures in self._healthy
            if not figure.daily or abs(other - hour) <= LIKE_HOURS
        ]
        if not values or len(self._healthy) < LEARNING_HOURS:
            return None
        return Range(min(values), max(values))
