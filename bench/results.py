"""What the benchmark finds, as it is printed, kept and plotted."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import cattrs
from attrs import frozen

from bench.timing import Timed

RESULTS = Path(__file__).with_name("results.json")
PACKAGES = ("opentelemetry-sdk", "scikit-learn", "numpy", "pandas", "prometheus-client", "whylogs")


@frozen
class Figure:
    """One line of a case.

    Attributes
    ----------
    value
        In the case's unit.
    of
        The whole that the value is a part of, in the same unit; None where there is none.
    """

    name: str
    value: float
    of: float | None = None


@frozen
class Result:
    """One case."""

    case: str
    unit: str
    figures: tuple[Figure, ...]

    def of(self, name: str) -> float:
        """Return the value of a line."""
        return next(figure.value for figure in self.figures if figure.name == name)


@frozen
class Results:
    """One run of the benchmark."""

    versions: dict[str, str]
    results: tuple[Result, ...]

    def case(self, name: str) -> Result:
        """Return a case."""
        return next(result for result in self.results if result.case == name)


def from_timed(case: str, timed: Sequence[Timed]) -> Result:
    """Return a case that compares added microseconds; the first contender is what they are added to."""
    return Result(case, "µs a call", tuple(Figure(entry.name, entry.added, entry.total) for entry in timed))


def write(results: Sequence[Result]) -> Results:
    """Keep a run's results."""
    versions = {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
    run = Results(versions, tuple(results))
    RESULTS.write_text(json.dumps(cattrs.unstructure(run), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return run


def read() -> Results:
    """Return the results of the last run."""
    return cattrs.structure(json.loads(RESULTS.read_text(encoding="utf-8")), Results)
