"""Thresholds of alerts: read, bounded, and nothing to a service that runs."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml
from attrs import frozen

from otel_mlmon.config.alerts import Alerts, Objective
from otel_mlmon.config.json_schema import json_schema
from otel_mlmon.config.load import Loaded, load
from otel_mlmon.config.schema import Configuration

ALERTS = "models:\n  - checks: [{name: fallback, rule: {missing: true}}]\n    alerts: %s\n"


def read(text: str, folder: Path) -> Loaded:
    file = folder / "mlmon.yaml"
    file.write_text(text)
    return load(str(file))


def messages(loaded: Loaded) -> list[str]:
    return [f"{problem.position.line}:{problem.position.column}: {problem.message}" for problem in loaded.problems]


def test_every_key_is_read(tmp_path: Path) -> None:
    loaded = read(
        "runbooks: https://runbooks.example.com\n"
        "models:\n  - checks: [{name: fallback, rule: {missing: true}}]\n    alerts:\n"
        "      {rows: 100, overdispersion: 4, jump: 1, segment: 0.4, drift: 0.5, class_jump: 0.2, fails_ratio: 2,\n"
        "       fails_points: 0, inputs: 0.1, traffic: 0.5, confidence: 0.1, latency_ratio: 3,\n"
        "       slo: {good: 0.95, checks: [fallback], latency: 0.2, fast: 0.9}, off: [drift]}\n"
        "    baseline: baseline.json\n",
        tmp_path,
    )
    assert loaded.problems == ()
    assert loaded.configuration.runbooks == "https://runbooks.example.com"
    (rule,) = loaded.configuration.models
    assert rule.baseline == "baseline.json"
    assert rule.alerts == Alerts(
        rows=100,
        overdispersion=4,
        jump=1,
        segment=0.4,
        drift=0.5,
        class_jump=0.2,
        fails_ratio=2,
        fails_points=0,
        inputs=0.1,
        traffic=0.5,
        confidence=0.1,
        latency_ratio=3,
        slo=Objective(good=0.95, checks=("fallback",), latency=0.2, fast=0.9),
        off=("drift",),
    )


def test_an_objective_of_which_nothing_is_said_is_that_of_the_defaults(tmp_path: Path) -> None:
    (without,) = read(ALERTS % "{jump: 0.3}", tmp_path).configuration.models
    (rule,) = read(ALERTS % "{slo: {}}", tmp_path).configuration.models
    assert without.alerts.slo is None
    assert rule.alerts.slo == Objective()


@pytest.mark.parametrize("written", ["off: [drift]", "'off': [drift]", "\n      off:\n        - drift"])
def test_the_word_off_is_a_key_though_it_is_false_in_yaml(written: str, tmp_path: Path) -> None:
    braced = written if written.startswith("\n") else f"{{{written}}}"
    loaded = read(ALERTS % braced, tmp_path)
    assert loaded.problems == ()
    assert loaded.configuration.models[0].alerts.off == ("drift",)


@frozen
class Mistake:
    text: str
    message: str
    only_in_python: bool = False


MISTAKES = {
    "an unknown key": Mistake("{jmp: 0.3}", "3:14: unknown key 'jmp' in models[0].alerts; did you mean 'jump'?"),
    "no rows": Mistake("{rows: 0}", "3:14: wrong value for models[0].alerts.rows: 0 should be at least 1"),
    "half a row": Mistake("{rows: 0.5}", "3:14: wrong value for models[0].alerts.rows: 0.5 should be a whole number"),
    "less than independent": Mistake(
        "{overdispersion: 0.5}",
        "3:14: wrong value for models[0].alerts.overdispersion: 0.5 should be at least 1",
    ),
    "a percentage": Mistake(
        "{jump: 25}",
        "3:14: wrong value for models[0].alerts.jump: 25 should be a share above 0 and at most 1, "
        "such as 0.25 for 25 %",
    ),
    "no share": Mistake(
        "{drift: 0}",
        "3:14: wrong value for models[0].alerts.drift: 0 should be a share above 0 and at most 1, such as 0.05 for 5 %",
    ),
    "points below none": Mistake(
        "{fails_points: -0.1}",
        "3:14: wrong value for models[0].alerts.fails_points: -0.1 should be a share from 0 to 1, such as 0.05 for 5 %",
    ),
    "a ratio that is always exceeded": Mistake(
        "{latency_ratio: 1}", "3:14: wrong value for models[0].alerts.latency_ratio: 1 should be above 1"
    ),
    "an objective without a budget": Mistake(
        "{slo: {good: 1}}",
        "3:20: wrong value for models[0].alerts.slo.good: 1 should be a share above 0 and below 1, "
        "such as 0.99 for 99 %",
    ),
    "an objective in percent": Mistake(
        "{slo: {latency: 1, fast: 99.5}}",
        "3:32: wrong value for models[0].alerts.slo.fast: 99.5 should be a share above 0 and below 1, "
        "such as 0.995 for 99.5 %",
    ),
    "fast without what that is": Mistake(
        "{slo: {fast: 0.9}}",
        "3:20: wrong value for models[0].alerts.slo.fast: says how many calls are fast, and not what that is: "
        "give 'latency', in seconds, too",
        only_in_python=True,
    ),
    "an objective of another check": Mistake(
        "{slo: {checks: [fallbck]}}",
        "3:20: wrong value for models[0].alerts.slo.checks: this model has no check 'fallbck'; "
        "did you mean 'fallback'?",
        only_in_python=True,
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_one_message_with_its_place_and_mend(name: str, tmp_path: Path) -> None:
    assert messages(read(ALERTS % MISTAKES[name].text, tmp_path)) == [MISTAKES[name].message]


@pytest.mark.parametrize("name", MISTAKES)
def test_editors_refuse_what_a_schema_can_tell(name: str) -> None:
    mistake = MISTAKES[name]
    validator = jsonschema.Draft202012Validator(json_schema())
    assert validator.is_valid(yaml.safe_load(ALERTS % mistake.text)) is mistake.only_in_python


def test_a_wrong_threshold_is_left_out_and_the_others_hold(tmp_path: Path) -> None:
    loaded = read(ALERTS % "{jump: 25, rows: 50, slo: {good: 1, checks: [fallback]}}", tmp_path)
    assert len(loaded.problems) == 2
    assert loaded.configuration.models[0].alerts == Alerts(rows=50, slo=Objective(checks=("fallback",)))


def test_a_wrong_check_is_the_only_mistake_though_an_objective_names_it(tmp_path: Path) -> None:
    text = "models:\n  - checks: [{name: fallback, rule: {above: high}}]\n    alerts: {slo: {checks: [fallback]}}"
    (message,) = messages(read(text, tmp_path))
    assert message.startswith("2:38: wrong value for models[0].checks[0].rule.above")


def test_without_checks_an_objective_can_name_none(tmp_path: Path) -> None:
    (message,) = messages(read("models:\n  - alerts: {slo: {checks: [slow]}}", tmp_path))
    assert message == "2:20: wrong value for models[0].alerts.slo.checks: this model has no check 'slow'"


def test_other_thresholds_are_no_change_to_a_service_that_runs(tmp_path: Path) -> None:
    before = read("models: [{name: a}]", tmp_path).configuration
    text = "models: [{name: a, baseline: b.json, alerts: {jump: 0.3}}]\nrunbooks: https://runbooks.example.com"
    after = read(text, tmp_path).configuration
    assert before != after
    assert after.without_alerts() == before.without_alerts() == before
    assert Configuration().without_alerts() == Configuration()
