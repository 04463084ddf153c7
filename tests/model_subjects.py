"""Models of every shape that rules are written for."""

from __future__ import annotations

from typing import Final

from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.config.alerts import Alerts, Objective
from otel_mlmon.config.baseline import Baseline, Counts, Histogram, Tally
from otel_mlmon.config.buckets import PROBABILITY
from otel_mlmon.config.checks import Ambiguous, Check, Rule
from otel_mlmon.config.fixed_mapping import FixedMapping
from otel_mlmon.config.inputs import Input
from otel_mlmon.config.schema import ModelRule, Output, OutputKind
from otel_mlmon.config.segments import Segments

SCORES: Final = (2, 40, 90, 120, 140, 130, 110, 90, 70, 55, 45, 35, 25, 20, 16, 12, 10, 8, 6, 5, 4, 3, 1, 0)
CONFIDENCES: Final = (*[0] * 11, 60, 70, 80, 90, 100, 110, 120, 130, 120, 110, 90, 60, 20)


def classifier() -> Subject:
    """Return one with a baseline of everything, segments of rows and of calls, checks, inputs and an objective."""
    by_origin = {name: Counts(240.0, tuple(count // 2 for count in SCORES)) for name in ("EWR", "JFK")}
    baseline = Baseline(
        model="flight-delay",
        operation="predict_proba",
        source="flights.parquet",
        rows=sum(SCORES),
        values=(Histogram(None, PROBABILITY.boundaries, Counts(480.0, SCORES), {"origin": by_origin}),),
        confidence=(Histogram(None, PROBABILITY.boundaries, Counts(900.0, CONFIDENCES), {}),),
        classes=(Tally(None, {"0": 820, "1": 217}, {"origin": {"EWR": {"0": 400, "1": 110}}}),),
        checks=(Tally("unsure", {"pass": 990, "fail": 47}, {}),),
    )
    rule = ModelRule(
        name="flight-delay",
        output=Output(kind=OutputKind.PROBABILITY),
        segments=Segments(columns=("origin",), code=("client.os",)),
        inputs=(Input("dep_delay", range=(-60.0, 600.0)), Input("carrier", categories=("AA", "UA"))),
        checks=(
            Check("unsure", rule=Rule(ambiguous=Ambiguous(confidence=0.6)), usual=0.05),
            Check("empty", rule=Rule(missing=True)),
        ),
        alerts=Alerts(slo=Objective(good=0.99, checks=("empty",), latency=0.3)),
    )
    return Subject("flight-delay", rule, baseline, "https://runbooks.example/flight-delay.md")


def regression() -> Subject:
    """Return one with two outputs of negative numbers, whose lowest bucket is not empty."""
    boundaries = (-25.0, -2.5, 0.0, 0.125, 40.0)
    baseline = Baseline(
        model="house price/change",
        operation=None,
        source="houses.csv",
        rows=1000,
        values=(
            Histogram("north", boundaries, Counts(-300.0, (90, 260, 300, 0, 200, 150)), {}),
            Histogram("south", boundaries, Counts(900.0, (10, 60, 100, 130, 500, 200)), {}),
        ),
    )
    return Subject("house price/change", ModelRule(name="house price/change"), baseline, "runbook/house.md")


def unknown() -> Subject:
    """Return one of which only the name is known."""
    return Subject("plain", ModelRule(name="plain"), None, "runbook/plain.md")


def score() -> Subject:
    """Return one with configured boundaries and a segment, and no baseline."""
    rule = ModelRule(
        name="score",
        output=Output(kind=OutputKind.SCORE, boundaries=(1.0, 2.0, 5.0)),
        segments=Segments(code=("client",), values=FixedMapping({"client": ("ios", "web")})),
        checks=(Check("high", rule=Rule(above=4.5)),),
    )
    return Subject("score", rule, None, "runbook/score.md")


ALL: Final = (classifier(), regression(), unknown(), score())
