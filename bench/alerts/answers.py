"""What the service answers to each question, and what it sees in the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from attrs import frozen
from numpy.typing import NDArray

from bench.alerts.flights import Flights
from bench.alerts.incidents import Incident
from bench.alerts.models import Models, scores
from bench.alerts.questions import Questions
from otel_mlmon import semconv
from otel_mlmon.config.checks import Check
from otel_mlmon.config.inputs import Input

STATES = (semconv.STATE_OK, semconv.MISSING, semconv.STATE_OUT_OF_RANGE, semconv.STATE_UNSEEN)
"""By their places in ``Answers.states``."""

DISAGREES = "disagrees"
"""The check that chance decides."""


@frozen(eq=False)
class Service:
    """The benched service: its model, and how it is configured to be watched."""

    flights: Flights
    models: Models
    watched: Sequence[Input]
    checks: Sequence[Check]


@frozen(eq=False)
class Answers:
    """Questions and their answers.

    Attributes
    ----------
    questions
        Those that reach the service.
    origin
        Of each question's flight.
    score
        Probability of "late".
    states
        By watched column, the place in ``STATES`` of each value.
    fails
        By check, which answers fail it.
    rows
        What the model was given, each different row once.
    row
        The place in ``rows`` of each question's.
    """

    questions: Questions
    origin: NDArray[np.int64]
    score: NDArray[np.float64]
    states: Mapping[str, NDArray[np.uint8]]
    fails: Mapping[str, NDArray[np.bool_]]
    rows: pd.DataFrame
    row: NDArray[np.int64]


def answer(
    service: Service, questions: Questions, incident: Incident, start: int, random: np.random.Generator
) -> Answers:
    """Answer the questions from the minute ``start`` on, where an incident begins."""
    flights = service.flights
    asked = incident.questions(questions, flights, random)
    # A flight is scored once an hour and not for each question: rows change with the time at most that fast.
    hour = (asked.minute - start) // 60
    different, back = np.unique(hour * len(flights) + asked.flight, return_inverse=True)
    hours, places = np.divmod(different, len(flights))
    rows = incident.rows(flights.rows.iloc[places], hours.astype(np.float64))

    score = _scores_by_version(asked, back, service.models, incident, rows)
    states = {str(column.column): _states(rows[column.column], column)[back] for column in service.watched}
    fails = {check.name: _fails(check, asked, score) for check in service.checks}
    return Answers(asked, flights.origin[asked.flight], score, states, fails, rows, back)


def _scores_by_version(
    asked: Questions, back: NDArray[np.int64], models: Models, incident: Incident, rows: pd.DataFrame
) -> NDArray[np.float64]:
    score = np.empty(len(asked))
    for version, trained in enumerate(incident.trained):
        chosen = asked.version == version
        if chosen.any():
            score[chosen] = incident.scores(scores(models.of(trained), rows))[back[chosen]]
    return score


def _fails(check: Check, asked: Questions, score: NDArray[np.float64]) -> NDArray[np.bool_]:
    if check.rule is not None and check.rule.above is not None:
        return score > check.rule.above
    return asked.disagrees if check.name == DISAGREES else np.zeros(len(score), dtype=np.bool_)


def _states(values: pd.Series, column: Input) -> NDArray[np.uint8]:
    numbers = values.to_numpy(dtype=np.float64)
    least, most = column.range or (-np.inf, np.inf)
    missing, out_of_range = np.isnan(numbers), (numbers < least) | (numbers > most)
    unseen = np.zeros_like(missing) if column.categories is None else ~np.isin(numbers, column.categories)
    states = np.select([missing, out_of_range, unseen], [1, 2, 3], 0)
    return states.astype(np.uint8)
