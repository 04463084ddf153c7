"""What was found of each incident, when, and by what; and what fired when nothing was wrong."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from attrs import frozen

from bench.alerts.firings import HEALTHY, PAGE, Firing, episodes
from bench.alerts.gaps import Gap
from bench.alerts.history import read

GAP = 3600.0
"""Seconds within which people take what fires again for the same thing."""

WEEK = 7 * 86400.0
MONTH = 30 * 86400.0


@frozen
class Stretch:
    """An incident at one time.

    Attributes
    ----------
    at, until
        Unix seconds.
    predictions
        By minute since ``at``, cumulative.
    """

    run: str
    incident: str
    season: str
    symptom: str
    suspects: tuple[str, ...]
    at: float
    until: float
    predictions: np.ndarray


@frozen
class Verdict:
    """What became of one incident.

    Attributes
    ----------
    first
        What fired first; None where nothing did.
    names_suspect
        Whether the first text leads to the bug; or any text within the next quarter of an hour.
    """

    stretch: Stretch
    first: Firing | None
    names_suspect: bool

    @property
    def minutes(self) -> float:
        """From the beginning to the first page or ticket; infinite where there was none."""
        return float("inf") if self.first is None else (self.first.fired - self.stretch.at) / 60

    @property
    def predictions(self) -> float:
        """How many wrong answers had been given by then."""
        if self.first is None:
            return float("inf")
        minute = min(int(self.minutes), len(self.stretch.predictions) - 1)
        return float(self.stretch.predictions[minute])


@frozen
class FalseAlarms:
    """What fired in healthy traffic: times that people were told."""

    pages: tuple[tuple[Firing, ...], ...]
    tickets: tuple[tuple[Firing, ...], ...]
    seconds: float

    @property
    def pages_a_month(self) -> float:
        """In 30 days."""
        return len(self.pages) * MONTH / self.seconds

    @property
    def tickets_a_week(self) -> float:
        """In seven days."""
        return len(self.tickets) * WEEK / self.seconds


def judged(stretches: Iterable[Stretch], firings: Sequence[Firing]) -> list[Verdict]:
    """Return a verdict each; an alert that fires at that time in healthy traffic, too, does not count."""
    healthy = [firing for firing in firings if firing.run == HEALTHY]
    of_run: dict[str, list[Firing]] = {}
    for firing in firings:
        of_run.setdefault(firing.run, []).append(firing)
    return [_verdict(stretch, of_run.get(stretch.run, []), healthy) for stretch in stretches]


def false_alarms(firings: Iterable[Firing], begin: float, end: float, gaps: Sequence[Gap]) -> FalseAlarms:
    """Return the false alarms between two times; a ticket while somebody is paged is inhibited.

    Parameters
    ----------
    gaps
        When something was wrong in the source: what fires then is right.
    """
    healthy = [
        firing
        for firing in firings
        if firing.run == HEALTHY and begin <= firing.fired < end and not any(gap.holds(firing.fired) for gap in gaps)
    ]
    pages = [firing for firing in healthy if firing.severity == PAGE]
    tickets = [
        firing for firing in healthy if firing.severity != PAGE and not any(firing.overlaps(page) for page in pages)
    ]
    by_alert: dict[str, list[Firing]] = {}
    for firing in tickets:
        by_alert.setdefault(firing.alert, []).append(firing)
    told = [episode for of_alert in by_alert.values() for episode in episodes(of_alert, GAP)]
    return FalseAlarms(tuple(episodes(pages, GAP)), tuple(told), end - begin)


def read_stretches(folder: Path) -> list[Stretch]:
    """Return the incidents of a folder that the replay has written."""
    lines = (folder / "stretches.jsonl").read_text(encoding="utf-8").splitlines()
    return [_stretch(folder, json.loads(line)) for line in lines]


def _verdict(stretch: Stretch, firings: Sequence[Firing], healthy: Sequence[Firing]) -> Verdict:
    told = [
        firing
        for firing in firings
        if firing.fired >= stretch.at
        and not any(firing.is_same_as(other) and firing.overlaps(other) for other in healthy)
    ]
    if not told:
        return Verdict(stretch, None, names_suspect=False)
    soon = [firing for firing in told if firing.fired <= told[0].fired + GAP / 4]
    text = "\n".join(f"{firing.alert} {firing.summary} {firing.description}" for firing in soon).lower()
    return Verdict(stretch, told[0], any(word.lower() in text for word in stretch.suspects))


def _stretch(folder: Path, line: dict[str, object]) -> Stretch:
    expected = dict(line["expected"])  # type: ignore[call-overload]
    return Stretch(
        run=str(line["run"]),
        incident=str(line["incident"]),
        season=str(line["season"]),
        symptom=str(expected["symptom"]),
        suspects=tuple(expected["suspects"]),
        at=float(str(line["at"])),
        until=float(str(line["until"])),
        predictions=_predictions(folder / str(line["folder"])),
    )


def _predictions(folder: Path) -> np.ndarray:
    counts = read(folder).total("ml_prediction_value_count")
    return counts - counts[0]
