"""The generated tests of the rules: every alert has its incident, in a file that people can read."""

from __future__ import annotations

from collections import Counter
from typing import Any

import promql_parser
import pytest
import yaml
from attrs import evolve

from otel_mlmon.backends.prometheus.model_rules import alerts, groups
from otel_mlmon.backends.prometheus.rules_file import rules_file
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.unit_tests import tests_file as generated
from tests.model_subjects import ALL, classifier, score

SUBJECTS = pytest.mark.parametrize("subject", ALL, ids=lambda subject: subject.name)


def documents(subject: Subject) -> list[dict[str, Any]]:
    return [
        yaml.safe_load(make(subject, "../rules/model.yml"))
        for make in (generated.tests_file, generated.history_tests_file)
    ]


def asked(document: dict[str, Any]) -> list[dict[str, Any]]:
    (test,) = document["tests"]
    return test["promql_expr_test"]


def matched(expression: str) -> dict[str, str]:
    return {matcher.name: matcher.value for matcher in promql_parser.parse(expression).matchers.matchers}


@SUBJECTS
def test_every_alert_is_asked_for_once_with_its_labels(subject: Subject):
    found = Counter(
        (labels["alertname"], labels["severity"], *(labels[label] for label in sorted(labels) if "_" in label))
        for document in documents(subject)
        for each in asked(document)
        if each["exp_samples"]
        for labels in [matched(each["expr"])]
    )
    known = Counter(
        (alert.name, alert.severity.value, *(alert.labels[label] for label in sorted(alert.labels) if "_" in label))
        for alert in alerts(subject)
    )
    assert found == known


@SUBJECTS
def test_a_fired_alert_has_all_labels_that_its_level_and_the_rule_give_it(subject: Subject):
    for document in documents(subject):
        for each in asked(document):
            for sample in each["exp_samples"]:
                labels = matched(sample["labels"])
                alert = next(
                    alert
                    for alert in alerts(subject)
                    if (alert.name, alert.severity.value) == (labels["alertname"], labels["severity"])
                    and alert.labels.items() <= labels.items()
                )
                own = {"alertname", "alertstate", "severity", "symptom", *alert.labels}
                # An output that is the only one has no name.
                assert labels.keys() | {"ml_output_name"} == {*own, *alert.level.labels, "ml_output_name"}


@SUBJECTS
def test_nothing_may_fire_before_the_incidents_and_never_for_the_calm_service(subject: Subject):
    for document in documents(subject):
        silent = [(each["expr"], each["eval_time"]) for each in asked(document) if not each["exp_samples"]]
        assert [expression for expression, _ in silent] == ["ALERTS"] * 3 + ['ALERTS{job="calm"}']


@SUBJECTS
def test_groups_are_evaluated_in_the_order_of_the_rules_file(subject: Subject):
    rules = yaml.safe_load(rules_file("", subject.name, groups(subject)))
    for document in documents(subject):
        assert document["group_eval_order"] == [group["name"] for group in rules["groups"]]


@SUBJECTS
def test_the_same_model_gives_the_same_file(subject: Subject):
    assert generated.tests_file(subject, "rules.yml") == generated.tests_file(subject, "rules.yml")
    assert generated.history_tests_file(subject, "rules.yml") == generated.history_tests_file(subject, "rules.yml")


def test_an_alert_that_is_off_has_no_test():
    subject = classifier()
    quiet = evolve(subject, rule=evolve(subject.rule, alerts=evolve(subject.alerts, off=("ModelErrors",))))
    assert "ModelErrors" in generated.tests_file(subject, "rules.yml")
    assert "ModelErrors" not in generated.tests_file(quiet, "rules.yml")


def test_a_model_that_needs_more_rows_gets_more_in_its_tests():
    subject = score()
    many = evolve(subject, rule=evolve(subject.rule, alerts=evolve(subject.alerts, rows=5000)))
    assert generated.tests_file(many, "rules.yml") != generated.tests_file(subject, "rules.yml")
