"""The cases that need a process, or several, of their own."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from bench.report import LONG_RUN
from bench.results import Figure, Result

IMPORT, THREADS, EXPORT = (
    "a process without a model",
    "64 threads, a row each",
    "export of 50 models in 20 segments",
)
PROCESSES = 7


def import_time() -> Result:
    """Importing the instrumentor, beyond what ``opentelemetry-instrument`` imports itself."""
    runs = [_figures("imports") for _ in range(PROCESSES)]
    milliseconds, modules = (median(run[index] for run in runs) for index in (0, 1))
    return Result(IMPORT, "", (Figure("ms to import", milliseconds), Figure("frameworks imported", modules)))


def long_run() -> Result:
    """Ten million rows, in calls of different size."""
    figures = []
    for rows in (100_000, 1_000_000):
        milliseconds, megabytes = _figures("long_run", str(rows))
        figures.append(Figure(f"ms a million, {rows:,} rows a call", milliseconds))
        figures.append(Figure(f"MB at the peak beside the arrays, {rows:,} rows a call", megabytes))
    return Result(LONG_RUN, "", tuple(figures))


def threads() -> Result:
    """Calls a second of 64 threads, with monitoring and without, and what was lost."""
    throughput, lost = _figures("threads")
    return Result(THREADS, "", (Figure("% of the throughput without", throughput), Figure("calls not counted", lost)))


def export() -> Result:
    """What the series of many models cost at each collection."""
    names = ("series", "ms to hand on", "ms to collect in the SDK", "KB of OTLP", "MB of memory")
    return Result(EXPORT, "", tuple(map(Figure, names, _figures("export"))))


def _figures(program: str, *arguments: str) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-m", f"bench.programs.{program}", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return [float(word) for word in done.stdout.split()]
