"""Milliseconds a million rows, and megabytes at the peak that monitoring ten million rows adds to the arrays."""

import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from bench import models

ROWS = 10_000_000


def megabytes(line: str) -> float:
    """Return what the system knows of the process's memory: now, or the most since it was asked to forget."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{line}:")[2].split()[0]) / 1024


def forget_peak() -> None:
    """Begin the peak anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def main(rows: int) -> None:
    """Run ten million rows in calls of ``rows``."""
    answer = np.tile(np.random.default_rng(7).dirichlet([1.0, 1.0, 1.0], 100_000), (rows // 100_000, 1))
    codes = np.random.default_rng(8).integers(0, 20, rows, dtype=np.int8)
    frame = pd.DataFrame({"segment": pd.Categorical.from_codes(codes, [f"segment {index}" for index in range(20)])})
    models.instrument("segment")
    models.Answering(answer[:1000]).predict_proba(frame[:1000])
    model = models.Answering(answer)
    forget_peak()
    before = megabytes("VmRSS")
    started = perf_counter()
    for _ in range(ROWS // rows):
        model.predict_proba(frame)
    print((perf_counter() - started) * 1e3 / (ROWS / 1e6), megabytes("VmHWM") - before)


if __name__ == "__main__":
    main(int(sys.argv[1]))
