"""What other tools would have told, from their statistics of each hour: by default, and at equal false alarms."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from attrs import frozen

from bench.alerts.firings import HEALTHY, Firing, episodes
from bench.alerts.verdicts import GAP, WEEK

HOUR = 3600.0
EXTREME = 0.999
"""Quantile of a column's healthy hours by which columns are made comparable."""


@frozen
class Hour:
    """One tool's figures of one hour.

    Attributes
    ----------
    at
        Unix seconds of its end.
    values
        A statistic a column, which grows with the change; infinite where the tool gives up.
    drifted
        What the tool alerts on by default.
    """

    peer: str
    run: str
    at: float
    values: Mapping[str, float]
    drifted: tuple[str, ...]


def read_hours(file: Path) -> list[Hour]:
    """Return all hours of all tools."""
    return [_hour(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def by_default(hours: Sequence[Hour]) -> list[Firing]:
    """Return an alarm for each hour in which a tool finds that anything drifts."""
    return [_firing(hour, ", ".join(hour.drifted)) for hour in hours if hour.drifted]


def at_equal_alarms(hours: Sequence[Hour], until: float, a_week: float) -> list[Firing]:
    """Return the alarms of one tool with the threshold that gives so many in healthy traffic.

    Each column is measured by its own extreme hours, and one threshold holds for all: the smallest that keeps to it.

    Parameters
    ----------
    until
        Thresholds are chosen on what was before.
    a_week
        False alarms.
    """
    known = [hour for hour in hours if hour.run == HEALTHY and hour.at <= until]
    scales = {name: _extreme([hour.values[name] for hour in known if name in hour.values]) for name in _columns(known)}

    def size(hour: Hour) -> float:
        return max((value / scales[name] for name, value in hour.values.items() if scales.get(name)), default=0.0)

    weeks = (max(hour.at for hour in known) - min(hour.at for hour in known)) / WEEK
    threshold = _smallest(known, size, round(a_week * weeks))
    return [_firing(hour, _largest(hour, scales)) for hour in hours if size(hour) > threshold]


def _smallest(hours: Sequence[Hour], size: Callable[[Hour], float], allowed: int) -> float:
    # From above: far below, alarms run into one that never ends, which is no small number of them.
    found = math.inf
    for threshold in sorted({size(hour) for hour in hours if math.isfinite(size(hour))}, reverse=True):
        alarms = [_firing(hour, "") for hour in hours if size(hour) > threshold]
        if len(list(episodes(alarms, GAP))) > allowed:
            return found
        found = threshold
    return found


def _columns(hours: Sequence[Hour]) -> Iterator[str]:
    return iter(dict.fromkeys(name for hour in hours for name in hour.values))


def _extreme(values: Sequence[float]) -> float:
    return float(np.quantile([value for value in map(abs, values) if math.isfinite(value)], EXTREME))


def _largest(hour: Hour, scales: Mapping[str, float]) -> str:
    return max(hour.values, key=lambda name: hour.values[name] / (scales.get(name) or math.inf))


def _firing(hour: Hour, what: str) -> Firing:
    return Firing(hour.run, hour.peer, "ticket", {}, hour.at, hour.at + HOUR, what, "")


def _hour(line: dict[str, object]) -> Hour:
    values = {
        str(name): math.inf if value is None else abs(float(value))
        for name, value in dict(line["values"]).items()  # type: ignore[call-overload]
    }
    return Hour(str(line["peer"]), str(line["run"]), float(str(line["at"])), values, tuple(line["drifted"]))  # type: ignore[arg-type]
