"""Chooses thresholds as a team would with `otel-mlmon backtest`, on July to September only.

python -m bench.alerts.thresholds --data build/bench-alerts --times 1 10 100

The engine evaluates the measures of all alerts over these months, and the functions of the command itself propose the
thresholds; they go into thresholds.json, which is committed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from bench.alerts.configured import THRESHOLDS, subject_of
from bench.alerts.engine import evaluate
from bench.alerts.flights import DAY, at, load_year
from bench.alerts.gaps import weather_gaps
from bench.alerts.history import read
from bench.alerts.rules import needed
from bench.alerts.stretches import HISTORY_DAYS, Season
from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.model_rules import alerts, recording_groups
from otel_mlmon.backends.prometheus.recording.values import value_figures
from otel_mlmon.backends.prometheus.rule import Alert, Group, Recording
from otel_mlmon.backends.prometheus.rules_file import rules_file
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW
from otel_mlmon.backends.promql.rewriting import without_own_alerts
from otel_mlmon.cli.backtest.episodes import track
from otel_mlmon.cli.backtest.history import Span
from otel_mlmon.cli.backtest.overdispersion import Counts, overdispersion
from otel_mlmon.cli.backtest.prometheus import Prometheus, Series
from otel_mlmon.cli.backtest.proposals import Quiet, propose, with_alerts
from otel_mlmon.cli.backtest.replay import History, Replayed

QUIET = Quiet(pages_a_month=1 / 3, tickets_a_week=1 / 8)
"""An alert: there are several, and together they may page once a month, and make a ticket a week."""

STEP = 60
FLIGHTS = 4
LEAST_ROWS = 20
MEASURED = "measure:alert:"


@frozen(eq=False)
class Dumped:
    """Series that the engine recorded.

    Attributes
    ----------
    values
        Shape (series, steps).
    """

    span: Span
    labels: tuple[dict[str, str], ...]
    values: NDArray[np.float64]

    def named(self, name: str) -> Iterable[Series]:
        """Return the series of a record."""
        for labels, values in zip(self.labels, self.values, strict=True):
            if labels["__name__"] == name:
                present = np.isfinite(values)
                yield Series(labels, self.span.moments[present], values[present])


def choose(data: Path, times: int) -> dict[str, float]:
    """Return the keys of ``alerts`` and their values for one traffic."""
    healthy = _until(data / f"healthy-{times}", data / f"tuning-{times}", minute_of_end())
    # So many flights make a window worth judging, however often each is asked for.
    found: dict[str, float] = {"rows": max(LEAST_ROWS, FLIGHTS * times)}
    subject = subject_of(data, found)
    found["overdispersion"] = _overdispersion(subject, healthy)
    subject = with_alerts(subject, "overdispersion", found["overdispersion"])
    replayed, span = _replayed(subject, healthy)
    history = History(Prometheus("", {}), span, _excluded(span))
    proposals = propose(subject, replayed, history, QUIET)
    return found | {each.parameter: each.value for each in proposals if each.value is not None}


def _excluded(span: Span) -> tuple[Span, ...]:
    """Return what does not count: the weeks that have none to be compared with, and what a team would leave out."""
    young = Span(span.start, span.start + HISTORY_DAYS * DAY * STEP, STEP)
    gaps = weather_gaps(load_year().replayed)
    return (young, *(Span(int(gap.start), int(gap.end), STEP) for gap in gaps if gap.end < span.end))


def minute_of_end() -> int:
    """Return the minute by which the months for choosing are over."""
    return Season.TUNING.minutes[1]


def _overdispersion(subject: Subject, healthy: Path) -> float:
    figures = value_figures(subject, level.MODEL)
    recorded = (figures.now.in_bucket_record, figures.hour.in_bucket_record)
    kept = [group for group in recording_groups(subject) if group.name == "values"]
    dumped = _run(rules_file("", subject.name, kept), healthy, "|".join(recorded))
    recent, before = (_counts(dumped, record, shift) for record, shift in zip(recorded, (0, NOW), strict=True))
    measured = overdispersion(recent, before, subject.alerts.rows)
    return max(1.0, float(f"{measured or 1.0:.2g}"))


def _counts(dumped: Dumped, record: str, shift: int) -> Counts:
    """Return counts by bucket each ten minutes, from as many seconds before."""
    rows = [place for place, labels in enumerate(dumped.labels) if labels["__name__"] == record]
    rows.sort(key=lambda place: dumped.labels[place][names.LE])
    values = np.roll(dumped.values[rows], shift // STEP, axis=1)
    return {(): values[:, DAY :: NOW // STEP]}


def _replayed(subject: Subject, healthy: Path) -> tuple[list[Replayed], Span]:
    known = alerts(subject)
    measures = Group("measures", tuple(_measure(place, alert) for place, alert in enumerate(known)))
    text = rules_file("", subject.name, [*recording_groups(subject), measures])
    dumped = _run(needed(text, MEASURED), healthy, f"{MEASURED}.*")
    replayed = [
        Replayed(
            alert,
            tuple(track(series, dumped.span, _excluded(dumped.span)) for series in dumped.named(_record(place, alert))),
        )
        for place, alert in enumerate(known)
    ]
    return replayed, dumped.span


def _measure(place: int, alert: Alert) -> Recording:
    judged = alert.measure if alert.guard is None else alert.measure.where(alert.guard, alert.level.same)
    return Recording(_record(place, alert), without_own_alerts(judged))


def _record(place: int, alert: Alert) -> str:
    return f"{MEASURED}{alert.name}_{place}"


def _run(rules: str, healthy: Path, dumped: str) -> Dumped:
    folder = healthy / "out"
    folder.mkdir(exist_ok=True)
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    evaluate(healthy, folder / "rules.yml", None, folder / "alerts.jsonl", step=STEP, dump=folder, dump_names=dumped)
    recorded = read(folder / "healthy")
    start = int(at(recorded.start))
    span = Span(start, start + (recorded.values.shape[1] - 1) * STEP, STEP)
    return Dumped(span, recorded.labels, recorded.values)


def _until(history: Path, out: Path, minutes: int) -> Path:
    """Copy the first minutes of a history."""
    described = json.loads((history / "series.json").read_text(encoding="utf-8"))
    out.mkdir(exist_ok=True)
    np.ascontiguousarray(read(history).values[:, :minutes]).tofile(out / "values.f64")
    (out / "series.json").write_text(json.dumps(described | {"steps": minutes}), encoding="utf-8")
    return out


def main() -> None:
    """Read the command line, and choose."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10, 100])
    arguments = parser.parse_args()
    known = json.loads(THRESHOLDS.read_text(encoding="utf-8")) if THRESHOLDS.exists() else {}
    for times in arguments.times:
        known[str(times)] = choose(arguments.data, times)
        print(f"k={times}: {known[str(times)]}", file=sys.stderr)
        THRESHOLDS.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
