"""What is watched of a service: shares of rows, by check, input column and class, each by client app."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from attrs import frozen

from otel_mlmon import semconv
from otel_mlmon.cli.points import HistogramPoint
from tests.servers.arrived import Arrived

CLIENT = f"{semconv.SEGMENT_PREFIX}client"
SIGMAS = 4.0


@frozen
class Watched:
    """A share that an alert may be on: rows that fail a check, have a bad input, or are of a class; calls that fail."""

    kind: str
    name: str
    client: str


@frozen
class Share:
    """How many of how many."""

    part: float = 0.0
    of: float = 0.0

    def __sub__(self, earlier: Share) -> Share:
        return Share(self.part - earlier.part, self.of - earlier.of)

    def __add__(self, other: Share) -> Share:
        return Share(self.part + other.part, self.of + other.of)

    def __float__(self) -> float:
        return self.part / self.of


Shares = Mapping[Watched, Share]

# Which rows a share is of, and which of these it counts.
BAD = {
    "check": (
        semconv.QUALITY_CHECKS,
        semconv.QUALITY_CHECK,
        semconv.QUALITY_OUTCOME,
        lambda outcome: outcome == "fail",
    ),
    "input": (semconv.INPUT_VALUES, semconv.INPUT_NAME, semconv.INPUT_STATE, lambda state: state != "ok"),
    "call": (semconv.PREDICTION_DURATION, semconv.OPERATION, semconv.ERROR_TYPE, lambda error: error is not None),
}


def shares(arrived: Arrived) -> Shares:
    """Return all that has been counted so far."""
    parts: Counter[Watched] = Counter()
    wholes: Counter[Watched] = Counter()
    for kind, (metric, name, told, is_bad) in BAD.items():
        for point in arrived.points(metric):
            attribute = point.series.attribute
            watched = Watched(kind, str(attribute(name)), str(attribute(CLIENT)))
            count = sum(point.counts) if isinstance(point, HistogramPoint) else point.value
            wholes[watched] += count
            parts[watched] += count if is_bad(attribute(told)) else 0
    answered: Counter[str] = Counter()
    for point in arrived.points(semconv.PREDICTIONS):
        client = str(point.series.attribute(CLIENT))
        answered[client] += point.value
        parts[Watched("class", str(point.series.attribute(semconv.PREDICTION_CLASS)), client)] += point.value
    for watched in parts:
        if watched.kind == "class":
            wholes[watched] = answered[watched.client]
    return {watched: Share(parts[watched], whole) for watched, whole in wholes.items()}


def added(first: Shares, second: Shares) -> Shares:
    """Return the shares of two stretches of time together."""
    return {watched: first.get(watched, Share()) + second.get(watched, Share()) for watched in {**first, **second}}


def between(earlier: Shares, later: Shares) -> Shares:
    """Return what was counted after ``earlier``."""
    return {watched: share - earlier.get(watched, Share()) for watched, share in later.items()}


def moved(before: Shares, after: Shares) -> set[Watched]:
    """Return the shares that differ by more than chance explains: four standard deviations of their difference."""
    return {watched for watched in {**before, **after} if _deviations(before, after, watched) > SIGMAS}


def _deviations(before: Shares, after: Shares, watched: Watched) -> float:
    # A class that never came has no point, and is none of what its client was answered.
    first, second = (_share(stretch, watched) for stretch in (before, after))
    assert first.of, f"nothing was counted of {watched}"
    assert second.of, f"nothing was counted of {watched}"
    both = float(first + second)
    deviation = math.sqrt(both * (1 - both) * (1 / first.of + 1 / second.of))
    return abs(float(first) - float(second)) / deviation if deviation else 0.0


def _share(stretch: Shares, watched: Watched) -> Share:
    if watched in stretch:
        return stretch[watched]
    of_client = [
        share for other, share in stretch.items() if (other.kind, other.client) == (watched.kind, watched.client)
    ]
    return Share(0.0, of_client[0].of) if watched.kind == "class" and of_client else Share()
