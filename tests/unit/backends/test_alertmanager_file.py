"""Alertmanager's file: what it says of the alerts that are generated."""

from __future__ import annotations

import re
from itertools import product

import pytest
import yaml

from otel_mlmon.backends.prometheus.alertmanager import INHIBITIONS, Inhibition, alertmanager_file
from otel_mlmon.backends.prometheus.model_rules import alerts
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from tests.model_subjects import classifier

ALERTS = alerts(classifier())
BY_HAND = {"agent_down"}
"""Symptoms of alerts that nobody generates."""


def labels(alert: Alert) -> dict[str, str]:
    own = {"alertname": alert.name, "severity": alert.severity.value, "symptom": alert.symptom}
    return {**own, **alert.labels}


def holds_back(rule: Inhibition, source: Alert, target: Alert) -> bool:
    same = all(labels(source).get(label) == labels(target).get(label) for label in rule.equal)
    return same and fits(source, rule.source) and fits(target, rule.target)


def fits(alert: Alert, matchers: tuple[str, ...]) -> bool:
    return all(_fits(labels(alert), matcher) for matcher in matchers)


def _fits(given: dict[str, str], matcher: str) -> bool:
    label, operator, value = re.fullmatch(r'(\w+)(=~|!=|=)"(.*)"', matcher).groups()
    if operator == "=~":
        return re.fullmatch(value, given.get(label, "")) is not None
    return (given.get(label, "") == value) == (operator == "=")


@pytest.mark.parametrize("rule", INHIBITIONS, ids=lambda rule: rule.why[:40])
def test_each_inhibition_is_about_alerts_that_are_generated(rule: Inhibition):
    assert any(symptom in str(rule.source) for symptom in BY_HAND) or any(fits(alert, rule.source) for alert in ALERTS)
    assert any(fits(alert, rule.target) for alert in ALERTS)


@pytest.mark.parametrize("rule", INHIBITIONS, ids=lambda rule: rule.why[:40])
def test_a_symptom_that_is_named_is_one_that_an_alert_has(rule: Inhibition):
    named = re.findall(r'symptom=~?"(.*?)"', str(rule.source + rule.target))

    assert {symptom for each in named for symptom in each.split("|")} <= {alert.symptom for alert in ALERTS} | BY_HAND


@pytest.mark.parametrize("rule", INHIBITIONS, ids=lambda rule: rule.why[:40])
def test_no_ticket_holds_back_a_page(rule: Inhibition):
    held = [(source, target) for source, target in product(ALERTS, ALERTS) if holds_back(rule, source, target)]

    for source, target in held:
        assert source.severity is Severity.PAGE or target.severity is Severity.TICKET, (source.name, target.name)


def test_no_two_alerts_hold_back_each_other():
    held = {
        (source.name, target.name)
        for rule in INHIBITIONS
        for source, target in product(ALERTS, ALERTS)
        if holds_back(rule, source, target) and source.name != target.name
    }

    assert {(one, other) for one, other in held if (other, one) in held} == set()


def test_pages_and_tickets_of_a_model_are_one_message_each():
    document = yaml.safe_load(alertmanager_file())

    assert document["route"]["group_by"] == ["job", "ml_model_name"]
    assert [route["receiver"] for route in document["route"]["routes"]] == ["page"]
    assert document["route"]["receiver"] == "ticket"
    assert len(document["inhibit_rules"]) == len(INHIBITIONS)
