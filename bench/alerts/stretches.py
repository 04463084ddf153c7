"""When incidents happen: at random starts, half of them for choosing thresholds and half for the report."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import numpy as np
import pandas as pd
from attrs import frozen

from bench.alerts.flights import DAY, START, Minutes, minute_of
from bench.alerts.incidents import INCIDENTS, Incident
from bench.alerts.questions import SEED, Questions

STARTS = 5
"""An incident and a season."""

FIRST_HOUR, END_HOUR = 6, 22
HISTORY_DAYS = 15
"""Before the first incident, so that there is a usual week."""

NEEDED = 20
"""Questions in the hour from the start on, when each flight is asked for once: else nobody is there to notice."""


class Season(Enum):
    """What an incident is for; its end is excluded."""

    TUNING = ("2013-07-01", "2013-10-01")
    REPORT = ("2013-10-01", "2013-12-31")
    """Without the last day: the source has no weather for it, which is an incident of its own."""

    @property
    def minutes(self) -> tuple[int, int]:
        """The first in which an incident may begin, and that by which it is over."""
        first, end = (minute_of(pd.Timestamp(day)) for day in self.value)
        return max(first, HISTORY_DAYS * DAY), end


@frozen
class Stretch:
    """One incident at one time."""

    incident: Incident
    season: Season
    number: int
    start: int

    @property
    def run(self) -> str:
        """Its name, the same whatever the traffic."""
        return f"{self.incident.name}-{self.season.name.lower()}-{self.number}"

    @property
    def end(self) -> int:
        """Minute by which it is over."""
        return self.start + self.incident.minutes

    @property
    def time(self) -> pd.Timestamp:
        """When it begins."""
        return START + pd.Timedelta(minutes=self.start)

    def random(self, times: int) -> np.random.Generator:
        """Return the chance of this stretch, with so much traffic."""
        place = [incident.name for incident in INCIDENTS].index(self.incident.name)
        return np.random.default_rng((SEED, place, self.start, times))


def stretches(asked_once: Questions) -> Iterator[Stretch]:
    """Return all of them, from the traffic with which each flight is asked for once."""
    busy = _busy(asked_once)
    for place, incident in enumerate(INCIDENTS):
        random = np.random.default_rng((SEED, place))
        for season in Season:
            first, end = season.minutes
            fit = busy[(busy >= first) & (busy <= end - incident.minutes)]
            for number, start in enumerate(np.sort(random.choice(fit, STARTS, replace=False))):
                yield Stretch(incident, season, number, int(start))


def _busy(questions: Questions) -> Minutes:
    asked = np.bincount(questions.minute).cumsum()
    minutes: Minutes = np.arange(len(asked) - 60)
    hour = minutes // 60 % 24
    chosen: Minutes = minutes[(hour >= FIRST_HOUR) & (hour < END_HOUR) & (asked[60:] - asked[:-60] >= NEEDED)]
    return chosen
