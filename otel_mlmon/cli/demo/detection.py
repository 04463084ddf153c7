"""When to raise an alarm: a window of answers that looks like no window of the training months.

A model's answers move with the hour, the weather and the season, so the distance to one average distribution is
as large in a healthy storm as in an incident. Like is compared with like instead: a window with the healthy windows
of the same size that resemble it most. What remains is the distance that no healthy day explains. The threshold is
the largest one that the training months themselves keep up, each window held against those of other days.

The sizes of the two rules were chosen with July to December in view, so that their silence there is no independent
evidence. Begun at 471 moments of those months, a unit change is seen every time, after 3 hours with departures in
the median and 13 at most; of 114 beginnings of missing weather, 78 are seen within 120 such hours, the others not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import numpy as np
from attrs import define, field, frozen
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from otel_mlmon.cli.demo.baseline import Baseline
from otel_mlmon.cli.demo.measures import Counts, merged, psi

HOUR: Final = 3600.0


@frozen
class Rule:
    """How a window is watched."""

    name: str
    rows: int
    """A window is as many of the latest hours as hold this many rows."""
    starts: tuple[int, ...]
    """The buckets joined before comparing: few rows fill only few buckets."""
    unlikeness: Callable[[Counts, Counts], Counts]
    """What "resembles it most" means: (window, healthy windows) -> one number each."""
    neighbours: int
    """How many of the most alike windows are pooled."""
    apart_hours: float
    """Windows closer in time than this share rows or weather, and say nothing about each other."""
    in_a_row: int
    """For how many hours a distance must be kept up."""


@frozen
class Reading:
    """One hour seen by one rule."""

    rule: str
    distance: float
    """PSI to the most alike healthy windows; NaN while the window is not full."""
    threshold: float
    alarm: bool


@frozen(eq=False)
class Reference:
    """The healthy windows of a rule, and the largest distance among them."""

    rule: Rule
    windows: Counts
    threshold: float

    def distance(self, window: Counts) -> float:
        """Return how far the window is from the healthy ones most like it."""
        return _distance(self.rule, merged(window, self.rule.starts), self.windows)


@define
class Watch:
    """A rule at work on the hours of a service."""

    reference: Reference
    _hours: list[Counts] = field(factory=list)
    _over: int = 0

    def observe(self, counts: Counts) -> Reading:
        """Take in the next hour's counts, shape ``(buckets,)``."""
        rule = self.reference.rule
        self._hours.append(counts)
        while sum(hour.sum() for hour in self._hours[1:]) >= rule.rows:
            del self._hours[0]
        window = np.sum(self._hours, axis=0)
        full = window.sum() >= rule.rows
        distance = self.reference.distance(window) if full else float("nan")
        self._over = self._over + 1 if distance > self.reference.threshold else 0
        return Reading(rule.name, distance, self.reference.threshold, self._over >= rule.in_a_row)

    def restart(self) -> None:
        """Begin a new window: what was released does not answer for what ran before."""
        self._hours.clear()
        self._over = 0


def learn(rule: Rule, baseline: Baseline) -> Reference:
    """Cut the training months into windows and find the largest distance that healthy ones keep up."""
    windows, ends = trailing_windows(baseline.hourly, rule.rows)
    joined = merged(windows, rule.starts)
    times = _hours_since_epoch(baseline.hours)[ends]
    distances = [
        _distance(rule, window, joined[np.abs(times - time) > rule.apart_hours])
        for window, time in zip(joined, times, strict=True)
    ]
    kept_up = sliding_window_view(np.array(distances), rule.in_a_row).min(axis=-1)
    return Reference(rule, joined, float(kept_up.max()))


def trailing_windows(hourly: Counts, rows: int) -> tuple[Counts, NDArray[np.intp]]:
    """Return, for each hour by whose end there are enough, the latest hours that hold ``rows`` rows.

    Parameters
    ----------
    hourly
        Shape ``(hours, buckets)``.

    Returns
    -------
    Windows of shape ``(windows, buckets)`` and the index of the hour that each ends with.
    """
    until = np.vstack([np.zeros(hourly.shape[1]), np.cumsum(hourly, axis=0)])
    total = until.sum(axis=1)
    ends = np.flatnonzero(total[1:] >= rows)
    first = np.searchsorted(total, total[ends + 1] - rows, side="right") - 1
    return until[ends + 1] - until[first], ends


def mean_difference(window: Counts, others: Counts) -> Counts:
    """Return how far apart the mean buckets are: the level of the answers, whatever their shape."""
    return np.abs(_mean_bucket(others) - _mean_bucket(window))


def _distance(rule: Rule, window: Counts, healthy: Counts) -> float:
    unlike = rule.unlikeness(window, healthy)
    nearest = np.argpartition(unlike, rule.neighbours - 1)[: rule.neighbours]
    return float(psi(window, healthy[nearest].sum(axis=0)))


def _mean_bucket(counts: Counts) -> Counts:
    return np.asarray(counts @ np.arange(counts.shape[-1]) / counts.sum(axis=-1))


def _hours_since_epoch(times: tuple[datetime, ...]) -> NDArray[np.float64]:
    return np.array([(time - times[0]).total_seconds() / HOUR for time in times])


FAST: Final = Rule(
    name="last hours",
    rows=80,
    # up to 0.05, 0.1, 0.2, 0.5, 0.95 and above
    starts=(0, 3, 4, 6, 12, 21),
    unlikeness=psi,
    neighbours=1,
    apart_hours=24,
    in_a_row=2,
)
"""Sees within hours what changes the shape of the answers."""

SLOW: Final = Rule(
    name="last days",
    rows=2700,
    starts=tuple(range(24)),
    unlikeness=mean_difference,
    neighbours=100,
    apart_hours=96,
    in_a_row=12,
)
"""Sees within days what shifts every answer a little."""
