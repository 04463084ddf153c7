"""A folder of cumulative series, as the engine reads it: ``series.json`` and ``values.f64``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from bench.alerts.counting import Labels, Series
from bench.alerts.flights import STEP, at

Key = tuple[tuple[str, str], ...]
"""Labels, sorted."""


@frozen(eq=False)
class Gauge:
    """A series that has one value all the time."""

    labels: Labels
    value: float = 1.0


@frozen(eq=False)
class History:
    """What a folder holds.

    Attributes
    ----------
    start
        Minute of the replay at which the first sample is.
    values
        Shape (series, steps); NaN where there is no sample.
    """

    start: int
    labels: tuple[Labels, ...]
    values: NDArray[np.float64]

    def total(self, name: str) -> NDArray[np.float64]:
        """Return the sum of all series of a name at each step; one that is not there yet counts as 0."""
        rows = [place for place, labels in enumerate(self.labels) if labels["__name__"] == name]
        summed: NDArray[np.float64] = np.nan_to_num(self.values[rows]).sum(axis=0)
        return summed

    def reached(self, minute: int) -> dict[Key, float]:
        """Return what each counter that exists has at a minute."""
        column = self.values[:, minute - self.start]
        return {
            key(labels): float(value)
            for labels, value in zip(self.labels, column, strict=True)
            if not math.isnan(value)
        }


def key(labels: Labels) -> Key:
    """Return what a series is known by."""
    return tuple(sorted(labels.items()))


@frozen
class Window:
    """The minutes that a folder is about."""

    start: int
    steps: int


def write(
    folder: Path, window: Window, series: Iterable[Series], gauges: Iterable[Gauge], reached: dict[Key, float]
) -> History:
    """Write series.

    Parameters
    ----------
    reached
        What counters had before; those that do not grow any more go on with it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    labels: list[Labels] = []
    still = dict(reached)
    with (folder / "values.f64").open("wb") as file:
        for each in series:
            before = still.pop(key(each.labels), None)
            labels.append(each.labels)
            file.write(_cumulative(each, before).astype("<f8").tobytes())
        for known, value in [*still.items(), *((key(gauge.labels), gauge.value) for gauge in gauges)]:
            labels.append(dict(known))
            file.write(np.full(window.steps, value, dtype="<f8").tobytes())
    head = {"start": int(at(window.start)), "step": STEP, "steps": window.steps, "series": labels}
    (folder / "series.json").write_text(json.dumps(head), encoding="utf-8")
    return read(folder)


def read(folder: Path) -> History:
    """Return a folder's series, which stay on the disk."""
    head = json.loads((folder / "series.json").read_text(encoding="utf-8"))
    shape = (len(head["series"]), head["steps"])
    values = np.memmap(folder / "values.f64", dtype="<f8", mode="r", shape=shape)
    return History(int(head["start"] - at(0)) // STEP, tuple(head["series"]), values)


def _cumulative(series: Series, before: float | None) -> NDArray[np.float64]:
    # A sample has what came before it: the first one nothing of its own minute.
    growth = np.concatenate([[0.0], series.growth[:-1]])
    values = (before or 0.0) + growth.cumsum()
    if before is None:
        values[: series.first + 1] = np.nan
    return values
