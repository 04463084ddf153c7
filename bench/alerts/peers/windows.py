"""Rows by the full hour, and what a tool says of each hour."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from attrs import frozen
from numpy.typing import NDArray

HOUR = 3600

LEAST = 20
"""Rows that an hour needs: at night there are a few, and each tool would cry."""

CALENDAR = "month"
"""No column for drift tests: it is always another one than in the reference."""

SCORE = "score"


@frozen(eq=False)
class Hour:
    """What was asked in one full hour.

    Attributes
    ----------
    end
        Seconds since 1970: when a tool can know of it.
    rows
        A column a name.
    """

    end: float
    rows: pd.DataFrame


@frozen
class Verdict:
    """What a tool says of an hour.

    Attributes
    ----------
    values
        Its statistic by column; None where there is none.
    drifted
        Columns, or "dataset", that it would alert on by default.
    """

    peer: str
    run: str
    end: float
    rows: int
    values: Mapping[str, float | None]
    drifted: tuple[str, ...]

    def line(self) -> str:
        """Return it as JSON."""
        return json.dumps(
            {
                "peer": self.peer,
                "run": self.run,
                "at": self.end,
                "rows": self.rows,
                "values": {name: None if value is None else round(value, 6) for name, value in self.values.items()},
                "drifted": self.drifted,
            }
        )


@frozen(eq=False)
class Run:
    """The rows of a run, in order of time."""

    name: str
    at: NDArray[np.float64]
    frame: pd.DataFrame

    def hours(self) -> Iterator[Hour]:
        """Return the hours that have rows enough."""
        hour = np.floor(self.at / HOUR)
        firsts = np.flatnonzero(np.diff(hour, prepend=-1))
        for first, end in zip(firsts, [*firsts[1:], len(hour)], strict=True):
            if end - first >= LEAST:
                yield Hour((hour[first] + 1) * HOUR, self.frame.iloc[first:end])


def read(file: Path) -> Run:
    """Read a run."""
    with np.load(file) as held:
        frame = pd.DataFrame(held["values"], columns=held["columns"]).drop(columns=CALENDAR)
        return Run(file.stem, held["at"], frame)
