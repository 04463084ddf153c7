"""Writes what the engine and the peers read: half a year of healthy traffic, and every incident.

python -m bench.alerts.replay --out build/bench-alerts --times 1 10 100

    mlmon.yaml, baseline.json       what the rules are generated from
    healthy-100/                    the telemetry of half a year with each flight asked for 100 times
    incidents-100/                  a folder each incident, and stretches.jsonl
    rows-10/                        what the model was given and answered, for the tools that look at rows
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from attrs import frozen
from threadpoolctl import threadpool_limits

from bench.alerts import reference, rows
from bench.alerts.answers import Answers, Service, answer
from bench.alerts.counting import VERSIONS, count, info
from bench.alerts.flights import DAY, DAYS, Year, at, load_year
from bench.alerts.history import Gauge, History, Window, write
from bench.alerts.incidents import NOTHING
from bench.alerts.models import train
from bench.alerts.questions import SEED, Questions, ask
from bench.alerts.rows import Rows
from bench.alerts.stretches import Stretch, stretches
from otel_mlmon.config import baseline
from otel_mlmon.config.load import load

CONFIGURATION = Path(__file__).with_name("mlmon.yaml")
TIMES = (1, 10, 100)

MOST_ROWS = 10
"""Times that each flight is asked for, where rows are written too: with more they are the same again, in gigabytes."""


@frozen(eq=False)
class Traffic:
    """What is asked when each flight is asked for so many times."""

    times: int
    questions: Questions


def service_of(year: Year) -> Service:
    """Return the service, trained and configured."""
    model = load(str(CONFIGURATION)).configuration.models[0]
    return Service(year.replayed, train(year.known), model.inputs, model.checks)


def healthy_answers(service: Service, traffic: Traffic) -> Answers:
    """Answer everything that is asked in half a year."""
    return answer(service, traffic.questions, NOTHING, 0, np.random.default_rng(SEED))


def answers_in(stretch: Stretch, service: Service, traffic: Traffic) -> Answers:
    """Answer what is asked during an incident: the same questions at the same moments, and other answers."""
    questions = traffic.questions.between(stretch.start, stretch.end)
    return answer(service, questions, stretch.incident, stretch.start, stretch.random(traffic.times))


def write_healthy(out: Path, answers: Answers) -> History:
    """Write the half year in which nothing is wrong."""
    minutes = DAYS * DAY
    live = Gauge(info(NOTHING.trained[0].fingerprint, VERSIONS[0]))
    return write(out, Window(0, minutes), count(answers, 0, minutes), [live], {})


def write_incident(out: Path, answers: Answers, healthy: History, stretch: Stretch) -> None:
    """Write one incident: its counters go on from what they had."""
    incident, start = stretch.incident, stretch.start
    asked = sorted({0, *map(int, answers.questions.version)})
    live = [Gauge(info(incident.trained[version].fingerprint, VERSIONS[version])) for version in asked]
    usual = info(NOTHING.trained[0].fingerprint, VERSIONS[0])
    reached = {known: value for known, value in healthy.reached(start).items() if dict(known) != usual}
    write(out, Window(start, incident.minutes), count(answers, start, incident.minutes), live, reached)


def line_of(stretch: Stretch, times: int, folder: str) -> str:
    """Return the line of ``stretches.jsonl`` that tells of an incident."""
    return json.dumps(
        {
            "run": stretch.run,
            "incident": stretch.incident.name,
            "season": stretch.season.name.lower(),
            "k": times,
            "at": int(at(stretch.start)),
            "until": int(at(stretch.end)),
            "folder": folder,
            "expected": {"symptom": stretch.incident.symptom, "suspects": stretch.incident.suspects},
        }
    )


def replay(out: Path, times: list[int]) -> None:
    """Write everything into a folder."""
    year = load_year()
    service = service_of(year)
    out.mkdir(parents=True, exist_ok=True)
    (out / "mlmon.yaml").write_text(CONFIGURATION.read_text(encoding="utf-8"), encoding="utf-8")
    unseen = reference.unseen_scores(year.known)
    (out / "baseline.json").write_text(
        baseline.dump(reference.describe(year.known, unseen, service.checks)), encoding="utf-8"
    )
    known = rows.reference_rows(year.known, unseen)
    planned = list(stretches(ask(year.replayed, 1)))
    for each in times:
        began = time.perf_counter()
        traffic = Traffic(each, ask(year.replayed, each))
        _replay_at(out, service, traffic, planned, known)
        took = time.perf_counter() - began
        asked = len(traffic.questions)
        print(f"k={each}: {asked:,} questions, {len(planned)} incidents, {took:.0f} s", file=sys.stderr)


def _replay_at(out: Path, service: Service, traffic: Traffic, planned: list[Stretch], known: Rows) -> None:
    answers = healthy_answers(service, traffic)
    history = write_healthy(out / f"healthy-{traffic.times}", answers)
    healthy = rows.rows_of(answers)
    of_rows = out / f"rows-{traffic.times}" if traffic.times <= MOST_ROWS else None
    if of_rows is not None:
        rows.write(of_rows, "reference", known)
        rows.write(of_rows, "healthy", healthy)
    incidents = out / f"incidents-{traffic.times}"
    for stretch in planned:
        answers = answers_in(stretch, service, traffic)
        write_incident(incidents / stretch.run, answers, history, stretch)
        if of_rows is not None:
            began = healthy.of_its_hour_before(at(stretch.start))
            rows.write(of_rows, stretch.run, began.and_then(rows.rows_of(answers)))
    lines = [line_of(stretch, traffic.times, stretch.run) + "\n" for stretch in planned]
    (incidents / "stretches.jsonl").write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--times", type=int, nargs="+", default=list(TIMES), help="how often each flight is asked for")
    arguments = parser.parse_args()
    # Thousands of small questions: threads would wait for each other, on a machine that others use too.
    with threadpool_limits(1):
        replay(arguments.out, arguments.times)


if __name__ == "__main__":
    main()
