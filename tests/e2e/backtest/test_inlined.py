"""What a backtest asks gives the numbers that the recorded series have: in Prometheus' own engine, to 1e-9."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.local_stack.backends import Backends
from otel_mlmon.backends.prometheus.model_rules import alerts, recording_groups
from otel_mlmon.backends.prometheus.rules_file import rules_file
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import Expression, Subquery
from otel_mlmon.backends.promql.rewriting import pieces
from otel_mlmon.backends.promql.text import text
from otel_mlmon.cli.backtest.replay import as_measured, records_of
from tests.e2e.backtest.made_up import MadeUp
from tests.e2e.rules import promtool
from tests.model_subjects import ALL, score

EVERY = 600
TOLERANCE = 1e-9
ON_ONE_LINE = 10**9
WEEK_AND_MORE = 8 * 24


def differences(recorded: Expression, asked: Expression) -> Iterator[str]:
    """Return queries that give nothing where both are the same."""
    one, other = (f"({text(each, ON_ONE_LINE)})" for each in (recorded, asked))
    yield f"abs({one} - {other}) > {TOLERANCE} * (1 + abs({one}))"
    yield f"{one} unless {other}"
    yield f"{other} unless {one}"


def compared(subject: Subject) -> Iterator[tuple[Expression, Expression]]:
    records = records_of(subject)
    for name in records:
        series = subject.recorded(name)
        yield series, as_measured(series, records, EVERY)
    for alert in alerts(subject):
        # A day of samples is more than the 10,000 that promtool lets a test load; records of days are compared above.
        if not any(isinstance(piece, Subquery) for piece in pieces(alert.expression)):
            yield alert.expression, as_measured(alert.expression, records, EVERY)


# A week of rules takes minutes: one model is enough for what looks a week back.
@pytest.mark.parametrize(
    ("subject", "hours"),
    [*((subject, 6) for subject in ALL), (score(), WEEK_AND_MORE)],
    ids=lambda value: value.name if isinstance(value, Subject) else f"{value}h",
)
def test_recorded_series_and_what_a_backtest_asks_are_the_same(
    subject: Subject, hours: int, backends: Backends, tmp_path: Path
):
    (tmp_path / "rules.yml").write_text(rules_file("", "model", recording_groups(subject)), encoding="utf-8")
    asked = [query for pair in compared(subject) for query in differences(*pair)]
    test = {
        "interval": "5m",
        "input_series": list(MadeUp(subject, hours).series()),
        "promql_expr_test": [{"expr": query, "eval_time": f"{hours}h"} for query in asked],
    }
    document = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "10m",
        # Otherwise promtool takes them as they come, and half of the recorded series are an interval late.
        "group_eval_order": [f"model {group.name}" for group in recording_groups(subject)],
        "tests": [test],
    }
    (tmp_path / "test.yml").write_text(json.dumps(document), encoding="utf-8")
    verdict = promtool.test_rules(backends.promtool, tmp_path / "test.yml")
    assert verdict.passed, verdict.said[:4000]
