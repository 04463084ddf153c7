"""The alerts of a model's answers fire on what they are for, soon, and on nothing beside it: in Prometheus' engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.local_stack.backends import Backends
from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.model_rules import groups
from otel_mlmon.backends.prometheus.rules_file import rules_file
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.config.baseline import Baseline, Counts, Histogram, Tally
from otel_mlmon.config.schema import ModelRule
from otel_mlmon.config.segments import Segments
from tests.e2e.rules import promtool
from tests.e2e.rules.traffic import Phase, counters, histogram

ENDS = (0.2, 0.4, 0.6, 0.8, 1.0)
USUAL = (20.0, 15.0, 10.0, 3.0, 2.0, 0.0)
"""Answers a minute by bucket: 3,000 an hour."""
TURNED = (2.0, 3.0, 5.0, 15.0, 25.0, 0.0)
HEALTHY = 150
"""Minutes before anything happens."""
SOON = 14
"""Minutes within which somebody should know."""
JOB = "shop"
OURS = {names.JOB: JOB, names.MODEL: "model", names.VERSION: "1"}

CLIENT = names.segment("client")
FIRING = 'ALERTS{alertstate="firing"}'

AssertFiring = Callable[..., None]


def numbers() -> Subject:
    return _subject(values=(Histogram(None, ENDS, Counts(400.0, tuple(int(rate * 20) for rate in USUAL)), {}),))


def classes(**counts: int) -> Subject:
    return _subject(classes=(Tally(None, counts, {}),))


def _subject(**parts: Any) -> Subject:
    rule = ModelRule(name="model", segments=Segments(code=("client",)))
    return Subject("model", rule, Baseline("model", None, "rows.parquet", 1000, **parts), "runbook/model.md")


@pytest.fixture
def assert_firing(backends: Backends, tmp_path: Path) -> AssertFiring:
    """Have promtool assert which alerts fire at some minutes, and whom they are about."""

    def check(
        subject: Subject, series: Iterable[dict[str, Any]], expected: dict[int, Sequence[str]], every: str = "1m"
    ) -> None:
        (tmp_path / "rules.yml").write_text(rules_file("Rules", subject.name, groups(subject)), encoding="utf-8")
        asked = [
            {
                "expr": f"group by (alertname, {names.CLASS}, {CLIENT}) ({FIRING})",
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": labels, "value": 1} for labels in firing],
            }
            for minute, firing in expected.items()
        ]
        tests = [{"interval": "1m", "input_series": list(series), "promql_expr_test": asked}]
        document = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": every,
            # Without it promtool takes any order, and a rule may see what another has recorded an interval before.
            "group_eval_order": [f"{subject.name} {group.name}" for group in groups(subject)],
            "tests": tests,
        }
        (tmp_path / "tests.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
        verdict = promtool.test_rules(backends.promtool, tmp_path / "tests.yml")
        assert verdict.passed, verdict.said

    return check


def values(*phases: Phase, **labels: str) -> list[dict[str, Any]]:
    return list(histogram(names.VALUE, ENDS, {**OURS, **labels}, phases))


def predicted(known: Sequence[str], *phases: Phase, **labels: str) -> list[dict[str, Any]]:
    return list(counters(names.PREDICTIONS, names.CLASS, known, {**OURS, **labels}, phases))


def test_one_clients_change_is_a_ticket_about_it_within_a_quarter_of_an_hour(assert_firing: AssertFiring):
    series = values(Phase(HEALTHY, USUAL), Phase(60, TURNED), **{CLIENT: "ios"})
    for client in ("web", "android", "tv", "partner"):
        series += values(Phase(HEALTHY + 60, USUAL), **{CLIENT: client})
    ticket = f'{{alertname="ModelSegmentJump", {CLIENT}="ios"}}'
    assert_firing(numbers(), series, {HEALTHY: (), HEALTHY + SOON: (ticket,)})


def test_a_change_of_the_whole_model_is_one_page_and_no_ticket_about_segments(assert_firing: AssertFiring):
    phases = (Phase(HEALTHY, USUAL), Phase(180, TURNED))
    series = [*values(*phases, **{CLIENT: "ios"}), *values(*phases, **{CLIENT: "web"})]
    page = ('{alertname="ModelOutputJump"}',)
    # An hour and a half later the hours are compared no more with what was before.
    assert_firing(numbers(), series, {HEALTHY + SOON: page, HEALTHY + 90: page, HEALTHY + 170: ()})


def test_one_clients_classes_that_change_are_a_ticket_about_it(assert_firing: AssertFiring):
    series = predicted(("yes", "no"), Phase(HEALTHY, (10, 40)), Phase(60, (45, 5)), **{CLIENT: "ios"})
    for client in ("web", "android", "tv", "partner", "kiosk", "voice"):
        series += predicted(("yes", "no"), Phase(HEALTHY + 60, (10, 40)), **{CLIENT: client})
    ticket = f'{{alertname="ModelSegmentJump", {CLIENT}="ios"}}'
    assert_firing(classes(yes=200, no=800), series, {HEALTHY: (), HEALTHY + SOON: (ticket,)})


def test_a_class_that_grows_is_a_page_and_the_one_that_shrinks_is_not(assert_firing: AssertFiring):
    series = predicted(("yes", "no"), Phase(HEALTHY, (5, 45)), Phase(60, (20, 30)))
    page = f'{{alertname="ModelClassJump", {names.CLASS}="yes"}}'
    assert_firing(classes(yes=100, no=900), series, {HEALTHY: (), HEALTHY + SOON: (page,)})


def test_a_class_that_is_usual_on_known_data_may_come_back(assert_firing: AssertFiring):
    series = predicted(("yes", "no"), Phase(HEALTHY, (5, 45)), Phase(60, (20, 30)))
    assert_firing(classes(yes=350, no=650), series, {HEALTHY + SOON: (), HEALTHY + 45: ()})


def test_a_class_never_seen_before_is_a_page(assert_firing: AssertFiring):
    series = predicted(("yes", "no"), Phase(HEALTHY, (10, 40)), Phase(60, (6, 28)))
    new = predicted(("other",), Phase(60, (16,)))
    new[0]["values"] = f"_x{HEALTHY} {new[0]['values']}"
    page = f'{{alertname="ModelClassJump", {names.CLASS}="other"}}'
    assert_firing(classes(yes=200, no=800), [*series, *new], {HEALTHY + SOON: (page,)})


def test_a_constant_answer_is_a_page_that_stays_until_it_ends(assert_firing: AssertFiring):
    series = values(Phase(HEALTHY, USUAL), Phase(240, (0, 0, 50, 0, 0, 0)))
    stuck, jump = '{alertname="ModelOutputStuck"}', '{alertname="ModelOutputJump"}'
    assert_firing(numbers(), series, {HEALTHY: (), HEALTHY + SOON: (jump, stuck), HEALTHY + 230: (stuck,)})


def test_a_model_that_nearly_always_says_no_may_say_nothing_else(assert_firing: AssertFiring):
    series = predicted(("yes", "no"), Phase(HEALTHY, (0.5, 49.5)), Phase(180, (0, 50)))
    assert_firing(classes(yes=10, no=990), series, {HEALTHY + SOON: (), HEALTHY + 170: ()})


def test_classes_that_are_usual_and_do_not_come_any_more_are_a_page(assert_firing: AssertFiring):
    series = predicted(("yes", "no"), Phase(HEALTHY, (12, 88)), Phase(240, (0, 100)))
    page = ('{alertname="ModelOutputStuck"}',)
    assert_firing(classes(yes=120, no=880), series, {HEALTHY: (), HEALTHY + SOON: page, HEALTHY + 230: page})


def test_two_versions_that_differ_are_one_ticket_while_both_answer(assert_firing: AssertFiring):
    old = values(Phase(HEALTHY, USUAL), Phase(90, tuple(rate * 0.85 for rate in USUAL)), Phase(90, (0,) * 6))
    new = values(Phase(HEALTHY, (0,) * 6), Phase(180, tuple(rate * 0.15 for rate in TURNED)), **{names.VERSION: "2"})
    ticket, page = '{alertname="ModelVersionDiffers"}', '{alertname="ModelOutputJump"}'
    assert_firing(numbers(), [*old, *new], {HEALTHY: (), HEALTHY + 60: (ticket,), HEALTHY + 179: (page,)})


def test_confidence_that_falls_is_a_ticket_within_an_hour(assert_firing: AssertFiring):
    sure, unsure = (0, 0, 0, 5, 45, 0), (0, 0, 15, 30, 5, 0)
    subject = _subject(confidence=(Histogram(None, ENDS, Counts(980.0, (0, 0, 0, 100, 900, 0)), {}),))
    series = histogram(names.CONFIDENCE, ENDS, OURS, (Phase(HEALTHY, sure), Phase(60, unsure)))
    assert_firing(subject, series, {HEALTHY: (), HEALTHY + 50: ('{alertname="ModelConfidenceDrop"}',)})


def test_answers_that_are_not_those_of_the_baseline_are_a_ticket_within_a_day(assert_firing: AssertFiring):
    series = values(Phase(20 * 60, TURNED))
    assert_firing(numbers(), series, {18 * 60: (), 20 * 60 - 5: ('{alertname="ModelOutputDrift"}',)}, every="5m")
