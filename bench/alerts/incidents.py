"""What goes wrong: changes of the questions, of the rows that the model is given, or of what it answers."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import pandas as pd
from attrs import field, frozen
from numpy.typing import NDArray

from bench.alerts.flights import DAY, ORIGINS, Flights
from bench.alerts.models import Trained
from bench.alerts.questions import Questions
from examples.flight_delay.data import WEATHER

SECONDS_A_MINUTE = 60
UTC_AHEAD = 5
DRIFT_DAYS = 10
DRIFT_A_DAY = 1.5
"""Minutes by which the slow drift moves each day."""

USUAL_SCORE = 0.2279
"""The share of late flights in January to June: what a broken model would answer to all."""

Rows = Callable[[pd.DataFrame, NDArray[np.float64]], pd.DataFrame]
"""From the right rows, and the hours since the start for each, to those that the model is given."""

Scores = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Asked = Callable[[Questions, Flights, np.random.Generator], Questions]


def _same_rows(rows: pd.DataFrame, _hours: NDArray[np.float64]) -> pd.DataFrame:
    return rows


def _same_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return scores


def _same_questions(questions: Questions, _flights: Flights, _random: np.random.Generator) -> Questions:
    return questions


@frozen
class Incident:
    """One thing that goes wrong.

    Attributes
    ----------
    symptom
        What is wrong, in a sentence.
    suspects
        Words, one of which a text that leads to the bug has.
    days
        How long it lasts.
    trained
        Which model answers as version "1", and which as version "2".
    """

    name: str
    symptom: str
    suspects: tuple[str, ...] = ()
    rows: Rows = _same_rows
    scores: Scores = _same_scores
    questions: Asked = _same_questions
    days: int = 1
    trained: tuple[Trained, Trained] = field(default=(Trained.HALF_YEAR, Trained.JANUARY))

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return self.days * DAY


def _seconds(rows: pd.DataFrame, _hours: NDArray[np.float64]) -> pd.DataFrame:
    return rows.assign(dep_delay=rows["dep_delay"] * SECONDS_A_MINUTE)


def _no_delay(rows: pd.DataFrame, _hours: NDArray[np.float64]) -> pd.DataFrame:
    return rows.assign(dep_delay=np.nan)


def _no_weather_of_newark(rows: pd.DataFrame, _hours: NDArray[np.float64]) -> pd.DataFrame:
    return rows.assign(**{name: rows[name].mask(rows["origin"] == "EWR") for name in WEATHER})


def _swapped(rows: pd.DataFrame, _hours: NDArray[np.float64]) -> pd.DataFrame:
    return rows.assign(temp=rows["wind_speed"], wind_speed=rows["temp"])


def _hour_of_utc(rows: pd.DataFrame, _hours: NDArray[np.float64]) -> pd.DataFrame:
    return rows.assign(hour=(rows["hour"] + UTC_AHEAD) % 24)


def _clock_runs_ahead(rows: pd.DataFrame, hours: NDArray[np.float64]) -> pd.DataFrame:
    return rows.assign(dep_delay=rows["dep_delay"] + DRIFT_A_DAY * hours / 24)


def _more_fails(questions: Questions, _flights: Flights, random: np.random.Generator) -> Questions:
    # From 5 % to 10 % in all.
    more = random.random(len(questions)) < 0.05 / 0.95
    return attrs.evolve(questions, disagrees=questions.disagrees | more)


def _half_gone(questions: Questions, _flights: Flights, random: np.random.Generator) -> Questions:
    return questions.where(random.random(len(questions)) < 0.5)


def _three_times_slower(questions: Questions, _flights: Flights, _random: np.random.Generator) -> Questions:
    return attrs.evolve(questions, seconds=questions.seconds * 3)


def _new_version(questions: Questions, _flights: Flights, random: np.random.Generator) -> Questions:
    return attrs.evolve(questions, version=(random.random(len(questions)) < 0.2).astype(np.int64))


def _kennedy_silent(questions: Questions, flights: Flights, _random: np.random.Generator) -> Questions:
    return questions.where(flights.origin[questions.flight] != ORIGINS.index("JFK"))


NOTHING = Incident("healthy", "nothing is wrong")

INCIDENTS = (
    Incident("unit", "dep_delay comes in seconds instead of minutes", ("dep_delay",), rows=_seconds),
    Incident("missing_field", "dep_delay is not sent any more", ("dep_delay",), rows=_no_delay),
    Incident("origin_weather", "EWR has no weather", ("EWR", *WEATHER), rows=_no_weather_of_newark),
    Incident(
        "constant",
        "all answers are the same",
        ("same answer", "stuck", "constant"),
        scores=lambda scores: np.full_like(scores, USUAL_SCORE),
    ),
    Incident(
        "labels_swapped",
        "late and not late are swapped",
        ("class", "release", "version"),
        scores=lambda scores: 1 - scores,
    ),
    Incident(
        "older_model",
        "a model that knows January only is live, under the same version",
        ("fingerprint", "release", "version"),
        trained=(Trained.JANUARY, Trained.JANUARY),
    ),
    Incident("columns_swapped", "temp and wind_speed are swapped", ("temp", "wind_speed"), rows=_swapped),
    Incident("category_encoding", "hour comes in UTC: five more, modulo 24", ("hour",), rows=_hour_of_utc),
    Incident(
        "rounded",
        "scores are rounded to one decimal",
        ("release", "version", "round"),
        scores=lambda scores: np.round(scores, 1),
    ),
    Incident(
        "check_fails", "a check fails for 10 % of the answers instead of 5 %", ("disagrees",), questions=_more_fails
    ),
    Incident(
        "clients_gone", "half of the questions are not asked any more", ("calls", "clients"), questions=_half_gone
    ),
    Incident("latency", "calls take three times as long", ("latency", "slow"), questions=_three_times_slower),
    Incident(
        "slow_drift",
        f"dep_delay grows by {DRIFT_A_DAY} minutes a day for {DRIFT_DAYS} days",
        ("dep_delay", "drift"),
        rows=_clock_runs_ahead,
        days=DRIFT_DAYS,
    ),
    Incident(
        "canary", "a new version, with 20 % of the calls, knows January only", ("version",), questions=_new_version
    ),
    Incident("segment_silent", "nobody asks for flights from JFK any more", ("JFK",), questions=_kennedy_silent),
)
