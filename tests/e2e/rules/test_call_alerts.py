"""The alerts of inputs, checks, calls and budgets fire on what they are for, and go on until it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.local_stack.backends import Backends
from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.model_rules import alerts, recording_groups
from otel_mlmon.backends.prometheus.rule import Group
from otel_mlmon.backends.prometheus.rules_file import rules_file
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.config.alerts import Alerts, Objective
from otel_mlmon.config.baseline import Baseline, Tally
from otel_mlmon.config.checks import Check, Rule
from otel_mlmon.config.inputs import Input
from otel_mlmon.config.schema import ModelRule
from otel_mlmon.config.segments import Segments
from tests.e2e.rules import promtool
from tests.e2e.rules.traffic import Phase, counters, histogram

CALLS = 80.0
"""A minute: 4,800 an hour."""
HEALTHY = 150
"""Minutes before anything happens."""
SOON = 14
"""Minutes within which somebody should know."""
HOURS = 300
"""Minutes after which it still goes on."""
DAY, WEEK = 1440, 10080
COARSE = 5
"""Minutes from one sample to the next where weeks are looked at."""
OURS_OF_GROUPS = ("inputs", "checks", "calls", "rows", "error", "latency", "telemetry")

OURS = {names.JOB: "shop", names.MODEL: "model"}
CLIENT = names.segment("client")
CHECK = "favourite-rank"
ENDS = (0.01, 0.025, 0.05, 0.1, 0.25)
FAST, SLOW = (40.0, 35.0, 5.0, 0.0, 0.0, 0.0), (0.0, 0.0, 40.0, 35.0, 5.0, 0.0)

AssertFiring = Callable[..., None]


@pytest.fixture
def assert_firing(backends: Backends, tmp_path: Path) -> AssertFiring:
    """Have promtool assert how some alerts fire at some minutes."""

    def check(
        subject: Subject,
        wanted: str,
        series: Iterable[dict[str, Any]],
        expected: dict[int, Sequence[dict[str, str]]],
        step: int = 1,
    ) -> None:
        chosen = [alert for alert in alerts(subject) if alert.name == wanted]
        needed = (group for group in recording_groups(subject) if group.name.startswith(OURS_OF_GROUPS))
        rules = [*needed, Group("alerts", tuple(chosen))]
        (tmp_path / "rules.yml").write_text(rules_file("Rules", subject.name, rules), encoding="utf-8")
        kept = f"severity, long_window, {names.CHECK}, {names.INPUT}, {CLIENT}"
        asked = [
            {
                "expr": f'group by ({kept}) (ALERTS{{alertstate="firing", alertname="{wanted}"}})',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": _labels(labels), "value": 1} for labels in firing],
            }
            for minute, firing in expected.items()
        ]
        tests = [{"interval": f"{step}m", "input_series": list(series), "promql_expr_test": asked}]
        document = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": f"{step}m",
            # promtool's own order changes from run to run.
            "group_eval_order": [f"{subject.name} {group.name}" for group in rules],
            "tests": tests,
        }
        (tmp_path / "tests.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
        verdict = promtool.test_rules(backends.promtool, tmp_path / "tests.yml")
        assert verdict.passed, verdict.said

    return check


def _labels(labels: dict[str, str]) -> str:
    return "{" + ", ".join(f'{label}="{value}"' for label, value in labels.items()) + "}"


def subject(baseline: Baseline | None = None, **rule: Any) -> Subject:
    return Subject("model", ModelRule(name="model", **rule), baseline, "runbook/model.md")


def checked(*phases: Phase) -> list[dict[str, Any]]:
    outcomes = (semconv.OUTCOME_PASS, semconv.OUTCOME_FAIL)
    return list(counters(names.CHECKS, names.OUTCOME, outcomes, {**OURS, names.CHECK: CHECK}, phases))


def failing(share: float, minutes: int) -> Phase:
    return Phase(minutes, (CALLS * (1 - share), CALLS * share))


def column(*phases: Phase) -> list[dict[str, Any]]:
    states = (semconv.STATE_OK, semconv.STATE_OUT_OF_RANGE)
    return list(counters(names.INPUT_VALUES, names.STATE, states, {**OURS, names.INPUT: "age"}, phases))


def called(*phases: Phase, **labels: str) -> list[dict[str, Any]]:
    return list(histogram(names.DURATION, ENDS, {**OURS, **labels}, phases))


def coarse(*phases: Phase) -> list[Phase]:
    """Return phases for samples that are further apart."""
    return [Phase(phase.minutes // COARSE, tuple(rate * COARSE for rate in phase.rates)) for phase in phases]


def with_check(**more: Any) -> dict[str, Any]:
    return {"checks": (Check(name=CHECK, rule=Rule(above=0.9), **more),)}


PAGE, TICKET = {"severity": "page"}, {"severity": "ticket"}


def test_a_check_that_fails_twice_as_often_as_configured_pages_soon_and_until_it_is_over(assert_firing: AssertFiring):
    series = checked(failing(0.05, HEALTHY), failing(0.1, HOURS + 60))
    found = [{**PAGE, names.CHECK: CHECK}]
    expected = {HEALTHY: [], HEALTHY + SOON: found, HEALTHY + HOURS: found}
    assert_firing(subject(**with_check(usual=0.05)), "ModelCheckFails", series, expected)


def test_a_check_that_slowly_fails_more_often_is_a_ticket(assert_firing: AssertFiring):
    slowly = [failing(0.05 + 0.0005 * step, 5) for step in range(100)]
    tally = Tally(CHECK, {semconv.OUTCOME_PASS: 950, semconv.OUTCOME_FAIL: 50}, {})
    known = Baseline("model", None, "rows.parquet", 1000, checks=(tally,))
    series = checked(failing(0.05, HEALTHY), *slowly, failing(0.1, 120))
    expected = {HEALTHY: [], HEALTHY + 250: [], HEALTHY + 600: [{**TICKET, names.CHECK: CHECK}]}
    assert_firing(subject(known, **with_check()), "ModelCheckFails", series, expected)


def test_a_check_that_fails_as_usual_is_silent_and_so_is_a_blip(assert_firing: AssertFiring):
    series = checked(failing(0.05, HEALTHY), failing(0.25, 1), failing(0.055, HEALTHY))
    expected = {minute: [] for minute in range(HEALTHY - 20, 2 * HEALTHY, 7)}
    assert_firing(subject(**with_check(usual=0.05)), "ModelCheckFails", series, expected)


def test_a_column_that_goes_out_of_range_pages_soon_and_until_it_is_over(assert_firing: AssertFiring):
    series = column(failing(0.01, HEALTHY), failing(0.8, HOURS + 60))
    found = [{**PAGE, names.INPUT: "age"}]
    expected = {HEALTHY: [], HEALTHY + SOON: found, HEALTHY + HOURS: found}
    assert_firing(subject(inputs=(Input(column="age"),)), "ModelInputProblems", series, expected)


def test_a_column_that_is_as_bad_every_evening_is_silent_on_the_second(assert_firing: AssertFiring):
    series = column(*coarse(*(failing(0.01, 1200), failing(0.3, 240)) * 2))
    expected = {1220: [{**PAGE, names.INPUT: "age"}], **{minute: [] for minute in range(DAY + 1200, 2 * DAY, 30)}}
    assert_firing(subject(inputs=(Input(column="age"),)), "ModelInputProblems", series, expected, COARSE)


def test_no_calls_where_there_were_steady_ones_page_without_any_history(assert_firing: AssertFiring):
    series = called(Phase(HEALTHY, FAST), Phase(60, (0.0,) * 6))
    assert_firing(subject(), "ModelNoCalls", series, {HEALTHY + 5: [], HEALTHY + SOON: [PAGE]})


def test_no_calls_are_no_news_where_there_were_none_last_week(assert_firing: AssertFiring):
    week = (Phase(WEEK // 2, FAST), Phase(WEEK // 2, (0.0,) * 6))
    expected = {WEEK // 2 + 20: [PAGE], **{WEEK + WEEK // 2 + minutes: [] for minutes in (20, 100, 300)}}
    assert_firing(subject(), "ModelNoCalls", called(*coarse(*week, *week)), expected, COARSE)


def test_half_of_the_calls_of_last_week_are_a_ticket_only_if_they_fell_suddenly(assert_firing: AssertFiring):
    half = tuple(rate / 2 for rate in FAST)
    slowly = [Phase(60, tuple(rate * (1 - 0.01 * step) for rate in FAST)) for step in range(50)]
    suddenly = called(*coarse(Phase(WEEK + DAY, FAST), Phase(HOURS, half)))
    expected = {WEEK + DAY: [], WEEK + DAY + SOON + 6: [TICKET], WEEK + DAY + HOURS - 5: [TICKET]}
    assert_firing(subject(), "ModelTrafficDrop", suddenly, expected, COARSE)
    fading = called(*coarse(Phase(WEEK, FAST), *slowly, Phase(HOURS, half)))
    expected = {WEEK + 3000 + minutes: [] for minutes in range(0, HOURS, 60)}
    assert_firing(subject(), "ModelTrafficDrop", fading, expected, COARSE)


def test_a_segment_that_is_not_asked_for_any_more_is_a_ticket_while_the_model_is_called(assert_firing: AssertFiring):
    gone = called(*coarse(Phase(WEEK + HEALTHY, FAST), Phase(HOURS, (0.0,) * 6)), **{CLIENT: "ios"})
    series = gone + called(*coarse(Phase(WEEK + HEALTHY + HOURS, FAST)), **{CLIENT: "web"})
    found = [{**TICKET, CLIENT: "ios"}]
    expected = {WEEK + HEALTHY: [], WEEK + HEALTHY + 30: found, WEEK + HEALTHY + 200: found}
    assert_firing(subject(segments=Segments(code=("client",))), "ModelSegmentSilent", series, expected, COARSE)


def test_calls_that_take_several_times_as_long_are_a_ticket(assert_firing: AssertFiring):
    series = called(Phase(HEALTHY, FAST), Phase(HOURS, SLOW))
    assert_firing(subject(), "ModelLatencyJump", series, {HEALTHY: [], HEALTHY + SOON + 3: [TICKET]})


def test_calls_that_fail_page_soon(assert_firing: AssertFiring):
    series = called(Phase(HEALTHY, FAST), Phase(HOURS, tuple(rate * 0.8 for rate in FAST)))
    series += called(
        Phase(HEALTHY, (0.0,) * 6), Phase(HOURS, tuple(rate * 0.2 for rate in FAST)), **{names.ERROR: "Bad"}
    )
    assert_firing(subject(), "ModelErrors", series, {HEALTHY: [], HEALTHY + SOON: [PAGE]})


def test_an_error_budget_that_is_gone_within_two_days_pages_and_one_that_lasts_ten_is_a_ticket(
    assert_firing: AssertFiring,
):
    model = subject(**with_check(usual=0.05), alerts=Alerts(slo=Objective(good=0.99, checks=(CHECK,))))
    everyone = called(Phase(HEALTHY + HOURS, FAST))
    fast, slow = checked(failing(0.0, HEALTHY), failing(0.3, HOURS)), checked(failing(0.04, HOURS))
    hour, day, days = {**PAGE, "long_window": "1h"}, {**TICKET, "long_window": "1d"}, {**TICKET, "long_window": "3d"}
    # 0.3 of the calls are bad: after 29 minutes of an hour, 14.4 % of its calls were.
    assert_firing(model, "ModelBudgetBurn", [*everyone, *fast], {HEALTHY + 25: [], HEALTHY + 36: [hour]})
    assert_firing(model, "ModelBudgetBurn", [*everyone, *slow], {30: [], HOURS - 10: [day, days]})


def test_slow_calls_burn_the_budget_of_latency_from_the_next_boundary_on(assert_firing: AssertFiring):
    model = subject(alerts=Alerts(slo=Objective(latency=0.04)))
    series = called(Phase(HEALTHY, FAST), Phase(HOURS, SLOW))
    hour, hours = ({**PAGE, "long_window": window} for window in ("1h", "6h"))
    assert_firing(model, "ModelLatencyBudgetBurn", series, {HEALTHY: [], HEALTHY + 40: [hour, hours]})


def test_a_first_failure_of_the_instrumentation_is_a_ticket(assert_firing: AssertFiring):
    labels = f'{names.JOB}="shop", {names.STAGE}="prediction", {names.ERROR}="KeyError"'
    failure = {"series": f"{names.MONITOR_ERRORS}{{{labels}}}", "values": f"_x{HEALTHY} 1x200"}
    info = {"series": f'{names.MODEL_INFO}{{{names.JOB}="shop", {names.MODEL}="model"}}', "values": "1x400"}
    expected = {HEALTHY: [], HEALTHY + SOON: [TICKET], HEALTHY + 190: []}
    assert_firing(subject(), "ModelTelemetryLost", [failure, info], expected)
