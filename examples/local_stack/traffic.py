"""What apps ask on a day: minute after minute, passengers look up flights that leave in the next three hours."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from examples.local_stack.replay import Flight, as_requests

BEGINS = pd.Timestamp("2013-07-24 11:00")
"""An ordinary Wednesday."""

ROWS_A_MINUTE = 85
"""5,000 predictions an hour."""

ASKED_BEFORE = pd.Timedelta(hours=3)
MINUTE = pd.Timedelta(minutes=1)


def minutes(flights: pd.DataFrame, begins: pd.Timestamp, rows: int, seed: int = 0) -> Iterator[list[Flight]]:
    """Yield what is asked in each minute: ``rows`` flights, every departing one as likely; none at night.

    Parameters
    ----------
    flights
        In the order of departure; ``time`` is their hour.
    """
    departures = _departures(flights)
    now = begins
    while now < departures.iloc[-1]:
        first, end = departures.searchsorted([now, now + ASKED_BEFORE])
        leaving = flights.iloc[first:end]
        asked = leaving if leaving.empty else leaving.sample(rows, replace=True, random_state=seed)
        yield as_requests(asked)
        now += MINUTE
        seed += 1


def _departures(flights: pd.DataFrame) -> pd.Series[pd.Timestamp]:
    """Return when each flight leaves: those of an hour evenly over it, so that no hour begins with a jump."""
    by_hour = flights.groupby("time")["time"]
    share = (by_hour.cumcount() + 0.5) / by_hour.transform("size")
    return flights["time"] + pd.to_timedelta(share, unit="h")
