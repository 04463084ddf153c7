"""Thresholds with which the history would have been quiet enough."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from typing import Any, Final

from attrs import evolve, fields, frozen

from otel_mlmon.backends.prometheus import model_rules
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.cli.backtest.episodes import episodes
from otel_mlmon.cli.backtest.history import Span
from otel_mlmon.cli.backtest.replay import History, Replayed
from otel_mlmon.config.alerts import Alerts

MARGIN: Final = 1.1
ROUNDING: Final = 1e-9
LEAST_OF_DEFAULT: Final = 0.5
"""A quiet month says little about the next: no threshold is proposed below this part of the default one."""

MONTH: Final = 30
WEEK: Final = 7


@frozen
class Quiet:
    """How often alerts may fire, each by itself."""

    pages_a_month: float
    tickets_a_week: float

    def allowed(self, severity: Severity, days: float) -> int:
        """Return how often an alert may have fired."""
        rate = self.pages_a_month / MONTH if severity is Severity.PAGE else self.tickets_a_week / WEEK
        return round(rate * days)


@frozen
class Proposal:
    """What a key of ``alerts`` should be.

    Attributes
    ----------
    value
        None where no value is quiet enough.
    """

    parameter: str
    value: float | None


def with_alerts(subject: Subject, parameter: str, value: float) -> Subject:
    """Return the model with another threshold.

    Raises
    ------
    ValueError
        It may not be that.
    """
    changes: dict[str, Any] = {parameter: value}
    return evolve(subject, rule=evolve(subject.rule, alerts=evolve(subject.alerts, **changes)))


def fired(replayed: Replayed, span: Span, threshold: float) -> int:
    """Return how often people would have been told: of series that fire at one time, they are told once."""
    found = [each for track in replayed.tracks for each in episodes(track, span, replayed.alert, threshold)]
    told, until = 0, -math.inf
    for episode in sorted(found, key=lambda episode: episode.start):
        told += episode.start > until
        until = max(until, episode.end)
    return told


def propose(subject: Subject, replayed: Iterable[Replayed], history: History, quiet: Quiet) -> list[Proposal]:
    """Return a value for each threshold that comes from the configuration.

    It is the smallest of two digits with which each of its alerts fires no more often than it may, even if the measure
    is a tenth higher than it was, and no less than half as far from "nothing has changed" as the default.
    """
    by_parameter: dict[str, list[Replayed]] = {}
    for each in replayed:
        if each.alert.parameter is not None and each.tracks:
            by_parameter.setdefault(each.alert.parameter, []).append(each)
    return [_proposal(subject, parameter, alerts, history, quiet) for parameter, alerts in by_parameter.items()]


def _proposal(subject: Subject, parameter: str, alerts: list[Replayed], history: History, quiet: Quiet) -> Proposal:
    default = _thresholds(with_alerts(subject, parameter, getattr(fields(Alerts), parameter).default))

    def is_quiet(value: float) -> bool:
        thresholds = _thresholds(with_alerts(subject, parameter, value))
        return all(
            thresholds[key := _key(each.alert)] >= _least(default[key]) - ROUNDING
            and fired(each, history.span, thresholds[key] / MARGIN) <= quiet.allowed(each.alert.severity, history.days)
            for each in alerts
        )

    candidates = _candidates(subject, parameter, _key(alerts[0].alert))
    place = bisect_left(candidates, True, key=is_quiet)
    return Proposal(parameter, candidates[place] if place < len(candidates) else None)


def _least(default: float) -> float:
    # A threshold above 1 is a ratio, and 1 is how it is when nothing has changed.
    unchanged = 1.0 if default > 1.0 else 0.0
    return unchanged + (default - unchanged) * LEAST_OF_DEFAULT


def _candidates(subject: Subject, parameter: str, key: tuple[str, str]) -> list[float]:
    """Return all values of two digits that the threshold can have, the one with the lowest threshold first."""
    found = [value for value in _TWO_DIGITS if _is_valid(subject, parameter, value)]
    low, high = (_thresholds(with_alerts(subject, parameter, end))[key] for end in (found[0], found[-1]))
    return found if low <= high else found[::-1]


def _is_valid(subject: Subject, parameter: str, value: float) -> bool:
    try:
        with_alerts(subject, parameter, value)
    except ValueError:
        return False
    return True


def _thresholds(subject: Subject) -> dict[tuple[str, str], float]:
    return {_key(alert): alert.threshold for alert in model_rules.alerts(subject)}


def _key(alert: Alert) -> tuple[str, str]:
    return alert.name, alert.level.name


_TWO_DIGITS: Final = tuple(float(f"{digits}e{power}") for power in range(-4, 3) for digits in range(10, 100))
