"""The flights that the benched service is asked about, by the minute of their departure."""

from __future__ import annotations

import numpy as np
import pandas as pd
from attrs import frozen
from numpy.typing import NDArray

from examples.flight_delay.data import first_half, load_flights, second_half

ORIGINS = ("EWR", "JFK", "LGA")

START = pd.Timestamp("2013-07-01")
"""Of the replay; New York's time is taken for UTC."""

STEP = 60
"""Seconds from one sample of a series to the next."""

DAY = 24 * 60
"""Minutes."""

DAYS = 184

Minutes = NDArray[np.int64]
"""Since the start of the replay."""


@frozen(eq=False)
class Flights:
    """Flights in order of their departure.

    Attributes
    ----------
    rows
        The features, one flight a row.
    origin
        Index in ``ORIGINS``.
    departs
        Scheduled departure.
    """

    rows: pd.DataFrame
    origin: NDArray[np.int64]
    departs: Minutes

    def __len__(self) -> int:
        return len(self.rows)


@frozen(eq=False)
class Year:
    """January to June, which is known, and July to December, which is replayed."""

    known: pd.DataFrame
    replayed: Flights


def load_year() -> Year:
    """Read all flights."""
    flights = load_flights()
    return Year(first_half(flights), flights_of(second_half(flights)))


def at(minute: int) -> float:
    """Return the seconds since 1970 of a minute of the replay."""
    return START.timestamp() + minute * STEP


def minute_of(time: pd.Timestamp) -> int:
    """Return the minute of the replay at a time."""
    return int((time - START).total_seconds()) // STEP


def flights_of(rows: pd.DataFrame) -> Flights:
    """Return the flights of a table, in its order."""
    departs = (rows["time"] - START).dt.total_seconds().to_numpy() // STEP + rows["minute"].to_numpy()
    origin = pd.Categorical(rows["origin"], categories=list(ORIGINS)).codes
    return Flights(rows, np.asarray(origin, dtype=np.int64), departs.astype(np.int64))
