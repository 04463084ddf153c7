"""Replays half a year of flights through the generated rules, and writes the tables of docs/alert-quality.md.

python -m bench.alerts --data build/bench-alerts

Thresholds are those of thresholds.json, which `python -m bench.alerts.thresholds` chose on July to September; what is
reported is October to December.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import numpy as np

from bench.alerts.configured import chosen, subject_of
from bench.alerts.engine import evaluate
from bench.alerts.firings import Firing, read_firings
from bench.alerts.flights import at, load_year
from bench.alerts.gaps import Gap, weather_gaps
from bench.alerts.history import read
from bench.alerts.others import at_equal_alarms, by_default, read_hours
from bench.alerts.plots import DOCS, plot_false_alarms, plot_times
from bench.alerts.report import Tool, false_table, first_table, found_table
from bench.alerts.rules import needed
from bench.alerts.stretches import Season
from bench.alerts.verdicts import Stretch, false_alarms, judged, read_stretches
from otel_mlmon.backends.prometheus.model_rules import groups
from otel_mlmon.backends.prometheus.rules_file import rules_file

TIMES = (100, 10, 1)
PEERS_PYTHON = Path(".venv-alerts/bin/python")
DOCUMENT = DOCS / "alert-quality.md"
HEADING = "## The tables\n"
ALARMS_A_WEEK = 1.0
"""What other tools are given, too: the number of false alarms that we may have."""

SEASON = tuple(float(at(minute)) for minute in Season.REPORT.minutes)


def main() -> None:
    """Read the command line, and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("build/bench-alerts"))
    parser.add_argument("--times", type=int, nargs="+", default=list(TIMES))
    arguments = parser.parse_args()
    data, times = arguments.data, arguments.times
    began = time.perf_counter()
    _run(sys.executable, "-m", "bench.alerts.replay", "--out", data, "--times", *map(str, times))
    ours = {each: evaluated(data, each) for each in times}
    _run(PEERS_PYTHON, "-m", "bench.alerts.peers", "--rows", data / "rows-1", "--out", data / "peers-1")
    write(data, ours)
    print(f"{(time.perf_counter() - began) / 60:.0f} minutes", file=sys.stderr)


def evaluated(data: Path, times: int) -> Tool:
    """Evaluate the rules over half a year, and over the incidents of the report."""
    subject = subject_of(data, chosen(times))
    out = data / f"rules-{times}"
    out.mkdir(exist_ok=True)
    (out / "rules.yml").write_text(needed(rules_file("", subject.name, groups(subject))), encoding="utf-8")
    incidents = data / f"incidents-{times}"
    listed = (incidents / "stretches.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    reported = [line for line in listed if json.loads(line)["season"] == Season.REPORT.name.lower()]
    (incidents / "report.jsonl").write_text("".join(reported), encoding="utf-8")
    evaluate(data / f"healthy-{times}", out / "rules.yml", incidents / "report.jsonl", out / "alerts.jsonl")
    return _tool(data, times)


def write(data: Path, ours: dict[int, Tool]) -> None:
    """Write the tables and the pictures."""
    most = max(ours)
    others = _others(data)
    tables = [
        "Found of five beginnings each, after how many minutes in the median and at most. October to December.\n",
        found_table(list(ours.values())),
        f"What told first, at {_rate(data, most):,.0f} predictions an hour:\n",
        first_table(ours[most]),
        "Other tools, hourly on the same rows, with what they alert on by default and with the threshold that gives "
        f"{ALARMS_A_WEEK:g} alarm a week on healthy July to September:\n",
        found_table([ours[min(ours)], *others]),
        "False alarms in these three months, by the alert that came first:\n",
        *(false_table(tool) for tool in ours.values()),
    ]
    text, heading, _ = DOCUMENT.read_text(encoding="utf-8").partition(HEADING)
    DOCUMENT.write_text(f"{text}{heading}\n" + "\n".join(tables), encoding="utf-8")
    plot_times({each: ours[each] for each in sorted(ours)}, {each: _rate(data, each) for each in ours})
    plot_false_alarms([*ours.values(), *others])


def _tool(data: Path, times: int) -> Tool:
    firings = read_firings(data / f"rules-{times}" / "alerts.jsonl")
    return _judged(f"otel_mlmon, {_rate(data, times):,.0f}/h", data, times, firings)


def _others(data: Path) -> list[Tool]:
    hours = read_hours(data / "peers-1" / "windows.jsonl")
    tools = []
    for peer in dict.fromkeys(hour.peer for hour in hours):
        own = [hour for hour in hours if hour.peer == peer]
        tools.append(_judged(f"{peer}, default", data, 1, by_default(own)))
        tools.append(_judged(f"{peer}, equal alarms", data, 1, at_equal_alarms(own, SEASON[0], ALARMS_A_WEEK)))
    return tools


def _judged(name: str, data: Path, times: int, firings: list[Firing]) -> Tool:
    known = [stretch for stretch in read_stretches(data / f"incidents-{times}") if _is_reported(stretch)]
    return Tool(name, tuple(judged(known, firings)), false_alarms(firings, *SEASON, _gaps()))


@cache
def _gaps() -> tuple[Gap, ...]:
    return weather_gaps(load_year().replayed)


def _is_reported(stretch: Stretch) -> bool:
    return stretch.season == Season.REPORT.name.lower()


def _rate(data: Path, times: int) -> float:
    """Return the predictions of an hour by day, when anybody asks at all."""
    hourly = np.diff(read(data / f"healthy-{times}").total("ml_prediction_value_count")[::60])
    return float(np.median(hourly[hourly > 0]))


def _run(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True)


if __name__ == "__main__":
    main()
