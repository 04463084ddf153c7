"""The course of a story, and what its incidents do to the flights."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs
import pandas as pd

from otel_mlmon.cli.demo.story import HEALTHY_HOURS, STORIES, Course, Incident, Phase

UNITS = STORIES[Incident.UNIT_CHANGE]
STORY = attrs.evolve(
    UNITS,
    starts=datetime(2013, 8, 1, 6),
    breaks=datetime(2013, 8, 1, 8),
    reaction_hours=2,
    longest_incident_hours=5,
    after_hours=1,
)
FLIGHTS = pd.DataFrame(
    {"dep_delay": [2.0, -3.0], "temp": [80.0, 81.0], "wind_speed": 5.0, "precip": 0.0, "visib": 10.0}
)


def phases(course: Course, alarm_in_incident_hour: int | None) -> list[Phase]:
    told = []
    hour, broken = course.story.starts, 0
    while not course.over:
        told.append(course.enter(hour))
        broken += told[-1] is Phase.INCIDENT
        hour += timedelta(hours=1)
        course.leave(hour, alarm=told[-1] is Phase.INCIDENT and broken == alarm_in_incident_hour)
    return told


def test_every_incident_has_a_story():
    assert set(STORIES) == set(Incident)


def test_people_need_some_hours_from_the_alarm_to_the_fix():
    course = Course(STORY)
    told = phases(course, alarm_in_incident_hour=2)
    assert told == [Phase.HEALTHY] * 2 + [Phase.INCIDENT] * 4 + [Phase.FIXED]
    assert course.minutes_to_alarm == 120


def test_an_incident_that_nobody_sees_ends_nevertheless():
    course = Course(STORY)
    told = phases(course, alarm_in_incident_hour=None)
    assert told.count(Phase.INCIDENT) == 5
    assert course.minutes_to_alarm is None


def test_a_story_without_an_incident_is_healthy_throughout():
    assert phases(Course(STORIES[Incident.NONE]), None) == [Phase.HEALTHY] * HEALTHY_HOURS


def test_the_unit_change_sends_seconds():
    assert UNITS.alter(FLIGHTS)["dep_delay"].tolist() == [120.0, -180.0]


def test_missing_weather_takes_the_weather_and_nothing_else():
    sent = STORIES[Incident.MISSING_WEATHER].alter(FLIGHTS)
    assert sent[["temp", "wind_speed", "precip", "visib"]].isna().all(axis=None)
    assert sent["dep_delay"].equals(FLIGHTS["dep_delay"])
