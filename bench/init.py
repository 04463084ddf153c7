"""``otel-mlmon init`` on ten million rows of eight columns: seconds, and megabytes at the peak.

python -m bench.init
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from rich.console import Console

from bench.report import terminal_table
from bench.results import Figure, Result

ROWS = 10_000_000


def init() -> Result:
    """Each of both formats, with a model that is asked about a sample, and with predictions that are all counted."""
    figures = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: the peak of a child is never said to be less than what its parent had.
        subprocess.run([sys.executable, "-m", "bench.programs.init_data", name, str(ROWS)], check=True)
        for data in ("train.parquet", "train.csv"):
            for what in (["--model", "delay.joblib"], ["--prediction", "score"]):
                seconds, megabytes = _run(folder, [*what, "--data", data, "--segment", "origin", "--target", "late"])
                case = f"{data.partition('.')[2]}, {what[0].lstrip('-')}"
                figures += [Figure(f"s, {case}", seconds), Figure(f"MB at the peak, {case}", megabytes)]
    return Result(f"otel-mlmon init on {ROWS:,} rows", "", tuple(figures))


def _run(folder: Path, arguments: Sequence[str]) -> tuple[float, float]:
    command = [str(Path(sys.executable).with_name("otel-mlmon")), "init", "--force", *arguments]
    started = perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    # The system knows the peak of just this process, whatever others there were.
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return perf_counter() - started, usage.ru_maxrss / 1024


if __name__ == "__main__":
    Console().print(terminal_table(init()))
