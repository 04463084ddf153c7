"""What the service is asked, and when: each flight several times in the hours before it departs."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from bench.alerts.flights import DAY, DAYS, Flights, Minutes

SEED = 13
AHEAD = 180
"""Minutes before departure in which people ask."""

DISAGREES = 0.05
"""Share of the questions whose answer fails the check that chance decides."""

MEDIAN_SECONDS = 0.005
SPREAD = 0.5
"""Of the logarithm of a call's duration."""


@frozen(eq=False)
class Questions:
    """Calls of one row each, in order of time; an array each, shape (questions,).

    Attributes
    ----------
    minute
        In which it is asked.
    flight
        Its place in :class:`Flights`.
    disagrees
        Whether the answer fails the check that chance decides.
    seconds
        How long the call takes.
    version
        Of the model that is asked: 0 for the one that is live, 1 for a new one.
    """

    minute: Minutes
    flight: NDArray[np.int64]
    disagrees: NDArray[np.bool_]
    seconds: NDArray[np.float64]
    version: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.minute)

    def between(self, first: int, end: int) -> Questions:
        """Return those of some minutes, the last one excluded."""
        begins, ends = np.searchsorted(self.minute, (first, end))
        return self.where(slice(begins, ends))

    def where(self, chosen: slice | NDArray[np.bool_]) -> Questions:
        """Return some of them."""
        names = [each.name for each in attrs.fields(Questions)]
        return Questions(**{name: getattr(self, name)[chosen] for name in names})


def ask(flights: Flights, times: int) -> Questions:
    """Return the questions of the whole replay when each flight is asked for so many times."""
    random = np.random.default_rng((SEED, times))
    flight = np.repeat(np.arange(len(flights)), times)
    moment = flights.departs[flight] - random.uniform(0, AHEAD, len(flight))
    order = np.argsort(moment, kind="stable")
    minute = np.floor(moment[order]).astype(np.int64)
    questions = Questions(
        minute=minute,
        flight=flight[order],
        disagrees=random.random(len(flight)) < DISAGREES,
        seconds=random.lognormal(np.log(MEDIAN_SECONDS), SPREAD, len(flight)),
        version=np.zeros(len(flight), dtype=np.int64),
    )
    return questions.between(0, DAYS * DAY)
