"""Runs the other tools over the rows of a replay.

python -m bench.alerts.peers --rows build/bench-alerts/rows-1 --out build/bench-alerts/peers-1

    windows.jsonl    what each tool measured in each hour, and what it would alert on by default
    alarms.jsonl     of these the alarms: peer, run, time and what, once each
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.alerts.peers import by_evidently, by_nannyml, fixed
from bench.alerts.peers.windows import Run, Verdict, read

REFERENCE, HEALTHY = "reference", "healthy"
OCTOBER = 1380585600
"""Seconds since 1970: thresholds are chosen before, and nothing after it is known to them."""

WORKERS = 2

Tools = tuple[fixed.Fixed, by_evidently.Evidently, by_nannyml.Nannyml]
_tools: list[Tools] = []


def _fit(folder: Path) -> None:
    reference = read(folder / f"{REFERENCE}.npz")
    band = fixed.choose(read(folder / f"{HEALTHY}.npz"), OCTOBER)
    _tools.append((band, by_evidently.fit(reference), by_nannyml.fit(reference)))


def _judge(file: Path) -> list[Verdict]:
    run: Run = read(file)
    return [verdict for tool in _tools[0] for verdict in tool.judge(run)]


def judge(folder: Path, workers: int) -> Iterable[Verdict]:
    """Return what each tool says of each hour of each run."""
    # The half year takes longest.
    runs = sorted(folder.glob("*.npz"), key=lambda file: (file.stem != HEALTHY, file.stem))
    runs = [file for file in runs if file.stem != REFERENCE]
    with ProcessPoolExecutor(workers, initializer=_fit, initargs=(folder,)) as pool:
        for verdicts in pool.map(_judge, runs):
            yield from verdicts


def main() -> None:
    """Read the command line, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=WORKERS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    verdicts = list(judge(arguments.rows, arguments.workers))
    (arguments.out / "windows.jsonl").write_text("".join(verdict.line() + "\n" for verdict in verdicts), "utf-8")
    alarms = [
        json.dumps({"peer": verdict.peer, "run": verdict.run, "at": verdict.end, "what": what}) + "\n"
        for verdict in verdicts
        for what in verdict.drifted
    ]
    (arguments.out / "alarms.jsonl").write_text("".join(alarms), "utf-8")
    print(f"{len(verdicts):,} hours, {time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
