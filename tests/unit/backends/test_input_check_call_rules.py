"""Which rules of inputs, checks and calls a model gets: those that its configuration can have figures for."""

from __future__ import annotations

from typing import Any

import pytest

from otel_mlmon.backends.prometheus.level import MODEL
from otel_mlmon.backends.prometheus.model_rules import alerts, recording_groups
from otel_mlmon.backends.prometheus.recording.checks import known_shares
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.config.alerts import Alerts, Objective
from otel_mlmon.config.baseline import Baseline, Tally
from otel_mlmon.config.checks import Check, Rule
from otel_mlmon.config.inputs import Input
from otel_mlmon.config.schema import ModelRule
from otel_mlmon.config.segments import Segments

MOST_OF_A_GROUP = 20
"""Rules that Mimir takes by default."""

ALWAYS = {"ModelNoCalls", "ModelTrafficDrop", "ModelLatencyJump", "ModelErrors", "ModelTelemetryLost"}
CHECK = Check(name="extreme", rule=Rule(above=0.99))


def subject(baseline: Baseline | None = None, **rule: Any) -> Subject:
    return Subject("model", ModelRule(name="model", **rule), baseline, "runbook/model.md")


def of(found: Subject) -> set[str]:
    return {alert.name for alert in alerts(found)}


@pytest.mark.parametrize(
    ("more", "alert"),
    [
        ({"inputs": (Input(column="age"),)}, "ModelInputProblems"),
        ({"checks": (CHECK,)}, "ModelCheckFails"),
        ({"segments": Segments(code=("client",))}, "ModelSegmentSilent"),
        ({"segments": Segments(columns=("origin",))}, "ModelSegmentOverflow"),
        ({"alerts": Alerts(slo=Objective())}, "ModelBudgetBurn"),
        ({"alerts": Alerts(slo=Objective(latency=1.0))}, "ModelLatencyBudgetBurn"),
    ],
)
def test_an_alert_is_there_where_something_is_configured_that_it_can_look_at(more: dict[str, Any], alert: str):
    assert of(subject()) >= ALWAYS
    assert alert not in of(subject())
    assert alert in of(subject(**more))


def test_the_configured_share_of_fails_is_preferred_to_the_one_of_the_baseline():
    tallies = (Tally("extreme", {"pass": 99, "fail": 1}, {}), Tally("other", {"pass": 3, "fail": 1}, {}))
    known = Baseline("model", None, "rows.parquet", 100, checks=tallies)
    checks = (Check(name="extreme", rule=Rule(above=0.99), usual=0.05), Check(name="new", rule=Rule(below=0.1)))
    assert known_shares(subject(known, checks=checks)) == {"extreme": 0.05, "other": 0.25}


def test_segments_that_only_rows_have_are_missed_by_their_rows_and_those_of_calls_by_their_calls():
    found = [
        a
        for a in alerts(subject(segments=Segments(columns=("origin",), code=("client",))))
        if "segment_key" in a.labels
    ]
    silent = {alert.labels["segment_key"] for alert in found if alert.name == "ModelSegmentSilent"}
    assert silent == {"origin", "client"}


def test_no_group_of_figures_has_more_rules_than_back_ends_take():
    rich = subject(
        inputs=(Input(column="age"),),
        checks=(CHECK,),
        segments=Segments(columns=("origin",), code=("client",)),
        alerts=Alerts(slo=Objective(checks=("extreme",), latency=1.0)),
    )
    assert max(len(group.rules) for group in recording_groups(rich)) <= MOST_OF_A_GROUP


def test_alerts_of_the_model_as_a_whole_carry_its_name_and_service():
    assert {alert.level for alert in alerts(subject()) if alert.name in ALWAYS - {"ModelTelemetryLost"}} == {MODEL}
