"""Hours in which the source itself has no weather: who is told of them is not told for nothing."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from bench.alerts.flights import Flights, at
from bench.alerts.questions import AHEAD
from examples.flight_delay.data import WEATHER

LEAST_SHARE = 0.2
"""Of the flights of an hour."""

AFTERWARDS = 3600.0
"""Seconds for which windows still hold what was asked."""


@frozen
class Gap:
    """A stretch of time in which flights without weather are asked for; unix seconds."""

    start: float
    end: float

    def holds(self, moment: float) -> bool:
        """Tell whether a moment is in it."""
        return self.start <= moment <= self.end


def weather_gaps(flights: Flights) -> tuple[Gap, ...]:
    """Return the gaps, one an hour."""
    missing = flights.rows[WEATHER].isna().any(axis=1).to_numpy()
    hour = flights.departs // 60
    asked = np.bincount(hour)
    share = np.bincount(hour, weights=missing) / np.maximum(asked, 1)
    return tuple(
        Gap(at(int(each) * 60 - AHEAD), at((int(each) + 1) * 60) + AFTERWARDS)
        for each in np.flatnonzero(share >= LEAST_SHARE)
    )
