"""What each rule of a quality check adds to a call: ``python -m bench.rules`` prints the table of docs/checks.md."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from attrs import frozen
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import otel_mlmon
from otel_mlmon.config.checks import AgreesWith, Ambiguous, Changed, Check, Fallback, RankOf, Rule
from otel_mlmon.config.schema import Configuration, ModelRule
from otel_mlmon.instrumentor import ModelInstrumentor

ROWS = 100_000
RESULTS = 10
ROUNDS = 7


@frozen
class Answers:
    """What a model answers with: to one query, and to many."""

    kind: Any
    one: Any
    many: Any


def baseline(inputs: Any) -> Any:
    """Answer as simply as can be."""
    return inputs["number"]


random = np.random.default_rng(1)
SCORES = Answers("score", 0.5, random.random(ROWS))
PROBABILITIES = Answers("probability", np.array([0.7]), random.random(ROWS))
LABELS = Answers("label", "a", np.array(["a", "b", "c"])[random.integers(0, 3, ROWS)])
RANKING = Answers("results", [f"item-{place}" for place in range(RESULTS)], None)

CASES: dict[str, tuple[Rule, Answers]] = {
    "above": (Rule(above=0.9), SCORES),
    "outside": (Rule(outside=(0.1, 0.9)), SCORES),
    "missing": (Rule(missing=True), SCORES),
    "class_in": (Rule(class_in=("c",)), LABELS),
    "ambiguous": (Rule(ambiguous=Ambiguous(confidence=0.6)), PROBABILITIES),
    "latency_above": (Rule(latency_above=0.2), SCORES),
    "constant": (Rule(constant=50), SCORES),
    "changed": (Rule(changed=Changed(key="user")), SCORES),
    "agrees_with": (Rule(agrees_with=AgreesWith(call="bench.rules:baseline", tolerance=0.1)), SCORES),
    "count_below": (Rule(count_below=1), RANKING),
    "rank_of": (Rule(rank_of=RankOf(item="user")), RANKING),
    "contains_any": (Rule(contains_any=("gone",)), RANKING),
    "duplicate_share": (Rule(duplicate_share=0.2), RANKING),
    "fallback": (Rule(fallback=Fallback(items=("item-1", "item-2"))), RANKING),
}


def seconds(checks: tuple[Check, ...], answers: Answers, value: Any, calls: int) -> float:
    """Return what a call takes, a collection included: the median of some rounds."""
    reader = InMemoryMetricReader()
    instrumentor = ModelInstrumentor()
    configuration = Configuration(models=(ModelRule(name="m", checks=checks),))
    instrumentor.instrument(config=configuration, spans="off", meter_provider=MeterProvider([reader]))
    count = len(value) if value is answers.many else 1
    inputs = {"number": np.arange(count, dtype=float) if count > 1 else 1.0}

    def answer() -> None:
        with otel_mlmon.prediction("m", inputs=inputs) as call:
            call.output(value, kind=answers.kind)

    with otel_mlmon.context(user="item-3"):
        taken = [_timed(lambda: [answer() for _ in range(calls)], reader) / calls for _ in range(ROUNDS)]
    instrumentor.uninstrument()
    return statistics.median(taken)


def _timed(work: Callable[[], object], reader: InMemoryMetricReader) -> float:
    started = perf_counter()
    work()
    reader.get_metrics_data()
    return perf_counter() - started


def table() -> str:
    """Return the table as Markdown."""
    lines = [f"| rule | one row | {ROWS:,} rows |", "|---|---:|---:|"]
    for name, (rule, answers) in CASES.items():
        check = (Check("c", rule),)
        one = seconds(check, answers, answers.one, 2_000) - seconds((), answers, answers.one, 2_000)
        many = "" if answers.many is None else "under 0.1 ms"
        if answers.many is not None:
            added = seconds(check, answers, answers.many, 3) - seconds((), answers, answers.many, 3)
            many = f"{added * 1e3:.1f} ms" if added > 1e-4 else many
        lines.append(f"| `{name}` | {max(one, 0) * 1e6:.0f} µs | {many} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
