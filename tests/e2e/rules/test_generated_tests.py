"""The generated rules and their generated tests, in the real Prometheus' promtool."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import evolve

from examples.local_stack.backends import ROOT, Backends
from otel_mlmon.backends.prometheus.configured import slug, subjects
from otel_mlmon.backends.prometheus.model_rules import groups, recording_groups
from otel_mlmon.backends.prometheus.rule import Alert, Group
from otel_mlmon.backends.prometheus.rules_file import rules_file
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.unit_tests import tests_file as generated
from otel_mlmon.config.load import load
from tests.e2e.rules import promtool
from tests.model_subjects import ALL, classifier, score, unknown

EXAMPLES = sorted(ROOT.glob("examples/*/mlmon.yaml"))
SUBJECTS = pytest.mark.parametrize("subject", ALL, ids=lambda subject: subject.name)
FILES = pytest.mark.parametrize("make", [generated.tests_file, generated.history_tests_file])

Make = Callable[[Subject, str], str]


def write(folder: Path, subject: Subject, rules: Iterable[Group], tests: str) -> Path:
    """Write a rules file and its tests; return the latter."""
    (folder / "rules.yml").write_text(rules_file("", subject.name, rules), encoding="utf-8")
    (folder / "rules.test.yml").write_text(tests, encoding="utf-8")
    return folder / "rules.test.yml"


def of_example(configuration: Path) -> tuple[Subject, ...]:
    return subjects(load(str(configuration)).configuration, configuration.parent)


@SUBJECTS
@FILES
def test_every_alert_fires_on_its_incident_and_is_silent_before(
    subject: Subject, make: Make, backends: Backends, tmp_path: Path
):
    verdict = promtool.test_rules(
        backends.promtool, write(tmp_path, subject, groups(subject), make(subject, "rules.yml"))
    )
    assert verdict.passed, verdict.said


@pytest.mark.parametrize("configuration", EXAMPLES, ids=lambda file: file.parent.name)
def test_the_alerts_of_an_example_fire_on_their_incidents(configuration: Path, backends: Backends, tmp_path: Path):
    for subject in of_example(configuration):
        tests = write(tmp_path, subject, groups(subject), generated.tests_file(subject, "rules.yml"))
        verdict = promtool.test_rules(backends.promtool, tests)
        assert verdict.passed, verdict.said


@pytest.mark.parametrize("configuration", EXAMPLES, ids=lambda file: file.parent.name)
def test_promtool_has_nothing_to_say_about_the_rules_of_an_example(
    configuration: Path, backends: Backends, tmp_path: Path
):
    for subject in of_example(configuration):
        file = tmp_path / f"{slug(subject.name)}.yml"
        file.write_text(rules_file("", subject.name, groups(subject)), encoding="utf-8")
        verdict = promtool.check_rules(backends.promtool, file)
        assert verdict.passed, verdict.said


@SUBJECTS
def test_promtool_has_nothing_to_say_about_the_rules(subject: Subject, backends: Backends, tmp_path: Path):
    file = tmp_path / "rules.yml"
    file.write_text(rules_file("", subject.name, groups(subject)), encoding="utf-8")
    verdict = promtool.check_rules(backends.promtool, file)
    assert verdict.passed, verdict.said


def test_a_rule_that_never_fires_fails_its_test(backends: Backends, tmp_path: Path):
    subject = unknown()
    tests = generated.tests_file(subject, "rules.yml")
    never = [*recording_groups(subject), Group("alerts", ())]
    verdict = promtool.test_rules(backends.promtool, write(tmp_path, subject, never, tests))
    assert verdict.said.count("got: nil") == tests.count("value: 1}")


def test_a_rule_that_always_fires_fails_its_test(backends: Backends, tmp_path: Path):
    subject = score()
    always = [evolve(group, rules=tuple(map(_always, group.rules))) for group in groups(subject)]
    tests = write(tmp_path, subject, always, generated.tests_file(subject, "rules.yml"))
    verdict = promtool.test_rules(backends.promtool, tests)
    assert 'job="calm"' in verdict.said
    assert not verdict.passed


def _always(rule: Any) -> Any:
    return evolve(rule, threshold=-10.0, guard=None) if isinstance(rule, Alert) else rule


@FILES
def test_every_text_is_expanded_with_all_its_figures(make: Make, backends: Backends, tmp_path: Path):
    subject = classifier()
    tests = write(tmp_path, subject, groups(subject), as_alert_tests(make(subject, "rules.yml")))
    said = promtool.test_rules(backends.promtool, tests).said
    summaries = re.findall(r'summary="((?:[^"\\]|\\.)*)"', said)
    assert len(summaries) >= make(subject, "rules.yml").count("value: 1}")
    assert not [summary for summary in summaries if "unknown" in summary or "NaN" in summary]
    assert "error expanding" not in said
    assert "no value" not in said


def as_alert_tests(tests: str) -> str:
    """Return tests that say no alert fires, which makes promtool tell the texts of those that do."""
    document = yaml.safe_load(tests)
    (test,) = document["tests"]
    asked = [each for each in test.pop("promql_expr_test") if each["exp_samples"]]
    test["alert_rule_test"] = [
        {"alertname": re.findall(r'alertname="(\w+)"', each["expr"])[0], "eval_time": each["eval_time"]}
        for each in asked
    ]
    return yaml.safe_dump(document, width=10**9)
