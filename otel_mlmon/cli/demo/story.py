"""The incidents: what breaks, who breaks it, when, and what to do first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from attrs import define, frozen

if TYPE_CHECKING:
    import pandas as pd

SECONDS_PER_MINUTE: Final = 60
WEATHER: Final = ("temp", "wind_speed", "precip", "visib")


class Incident(str, Enum):
    """Which story is told."""

    NONE = "none"
    UNIT_CHANGE = "unit-change"
    MISSING_WEATHER = "missing-weather"
    STUCK_MODEL = "stuck-model"


class Phase(str, Enum):
    """Where in the story an hour lies."""

    HEALTHY = "healthy"
    INCIDENT = "incident"
    FIXED = "fixed"


@frozen
class Story:
    """One incident and its course, in replayed hours; hours without departures do not count."""

    incident: Incident
    title: str
    cause: str
    """What somebody changed."""
    sign: str
    """How it shows in the answers."""
    advice: tuple[str, ...]
    """What to do first."""
    fix: str
    starts: datetime
    """The first replayed hour, in New York."""
    breaks: datetime | None
    """The first hour of the incident."""
    alter: Callable[[pd.DataFrame], pd.DataFrame]
    """What the live path does to the flights that it sends."""
    broken_model: bool = False
    """Whether the incident is a release of the service with another model file."""
    reaction_hours: int = 6
    """From the alarm to the fix: people read, look and decide."""
    longest_incident_hours: int = 60
    after_hours: int = 12
    """Replayed after the fix, or instead of an incident."""


@define
class Course:
    """Tells each hour's phase, as the story and the alarm have it."""

    story: Story
    phase: Phase = Phase.HEALTHY
    broke: datetime | None = None
    alarmed: datetime | None = None
    _hours: int = 0
    _hours_of_phase: int = 0
    _hours_since_alarm: int = 0

    def enter(self, hour: datetime) -> Phase:
        """Return the phase of the hour that begins now."""
        if self.phase is Phase.HEALTHY and self.story.breaks is not None and hour >= self.story.breaks:
            self._turn(Phase.INCIDENT)
            self.broke = hour
        elif self.phase is Phase.INCIDENT and self._is_fixed():
            self._turn(Phase.FIXED)
        return self.phase

    def leave(self, end: datetime, *, alarm: bool) -> None:
        """Take in how the hour went that ends now."""
        self._hours_of_phase += 1
        if self.phase is Phase.INCIDENT and self.alarmed is not None:
            self._hours_since_alarm += 1
        if self.phase is Phase.INCIDENT and alarm and self.alarmed is None:
            self.alarmed = end

    @property
    def over(self) -> bool:
        """Return whether the story has been told."""
        if self.story.breaks is None:
            return self._hours_of_phase >= HEALTHY_HOURS
        return self.phase is Phase.FIXED and self._hours_of_phase >= self.story.after_hours

    @property
    def minutes_to_alarm(self) -> int | None:
        """Return the replayed minutes from the first broken answer to the alarm."""
        if self.broke is None or self.alarmed is None:
            return None
        return int((self.alarmed - self.broke).total_seconds() // SECONDS_PER_MINUTE)

    def _is_fixed(self) -> bool:
        reacted = self.alarmed is not None and self._hours_since_alarm >= self.story.reaction_hours
        return reacted or self._hours_of_phase >= self.story.longest_incident_hours

    def _turn(self, phase: Phase) -> None:
        self.phase = phase
        self._hours_of_phase = 0


HEALTHY_HOURS: Final = 100
"""How long the story without an incident is."""


def unchanged(flights: pd.DataFrame) -> pd.DataFrame:
    """Send the flights as they are."""
    return flights


def delay_in_seconds(flights: pd.DataFrame) -> pd.DataFrame:
    """Send the departure delay in seconds where the model knows minutes."""
    return flights.assign(dep_delay=flights["dep_delay"] * SECONDS_PER_MINUTE)


def without_weather(flights: pd.DataFrame) -> pd.DataFrame:
    """Send null for everything that the weather feed says."""
    return flights.assign(**dict.fromkeys(WEATHER, float("nan")))


SUMMER: Final = datetime(2013, 8, 4)

STORIES: Final = {
    story.incident: story
    for story in (
        Story(
            incident=Incident.NONE,
            title="A healthy week",
            cause="Nothing was changed.",
            sign="The answers move with the hour and the weather: in the storm of 8 August the mean score passes "
            "0.7 and the PSI to training 2, farther than in an incident. January to June had storms, too, so there is "
            "no alarm.",
            advice=("Nothing is to be done.",),
            fix="",
            starts=SUMMER,
            breaks=None,
            alter=unchanged,
        ),
        Story(
            incident=Incident.UNIT_CHANGE,
            title="Minutes became seconds",
            cause="A release of the client sends dep_delay in seconds; the model learned minutes.",
            sign="A delay of two minutes reads as two hours: answers are either surely on time or surely late, and "
            "the unsure ones in between are gone.",
            advice=(
                "Compare one live request with one row of the training data: dep_delay is 60 times too large.",
                "Roll the client back; the model and the service are as they were.",
                "Send the flights since the first broken hour again: their answers were wrong.",
            ),
            fix="The client is rolled back and sends minutes again.",
            starts=SUMMER,
            breaks=datetime(2013, 8, 7, 10),
            alter=delay_in_seconds,
        ),
        Story(
            incident=Incident.MISSING_WEATHER,
            title="The weather went missing",
            cause="The client lost its weather feed and sends null for temp, wind_speed, precip and visib.",
            sign="The model accepts missing weather and becomes less sure: the surest answers, below 0.05, get rare. "
            "Every answer is plausible; only days of them together are not, and in one week of three not even those.",
            advice=(
                "Look at one live request: its four weather fields are null.",
                "Bring the weather feed back; the model and the service are as they were.",
                "Count missing inputs: it is the direct sign, and shows at once what answers show after days.",
            ),
            fix="The weather feed is back.",
            starts=datetime(2013, 9, 24),
            breaks=datetime(2013, 9, 27, 8),
            alter=without_weather,
            longest_incident_hours=100,
        ),
        Story(
            incident=Incident.STUCK_MODEL,
            title="The model learned nothing",
            cause="The nightly training read a feature table full of zeros; its model went live with a restart.",
            sign="Every flight gets the same answer: the average of the training data.",
            advice=(
                "Ask for two flights that differ much: the answers are equal to the last digit.",
                "Put the previous model file back and restart.",
                "Let the training fail when a feature has one value only.",
            ),
            fix="The previous model file is back, with a restart.",
            starts=SUMMER,
            breaks=datetime(2013, 8, 7, 10),
            alter=unchanged,
            broken_model=True,
        ),
    )
}
