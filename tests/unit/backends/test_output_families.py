"""Which alerts of its answers a model gets: those that its figures allow, and no others."""

from __future__ import annotations

import pytest

from otel_mlmon.backends.prometheus import model_rules, names
from otel_mlmon.backends.prometheus.alerts.class_jump import class_jump
from otel_mlmon.backends.prometheus.alerts.segment_jump import segment_jump
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.text import text
from otel_mlmon.config.baseline import Baseline, Tally
from otel_mlmon.config.schema import ModelRule
from otel_mlmon.config.segments import Segments
from tests.model_subjects import classifier, regression, score, unknown

NUMBERS = {"ModelOutputJump", "ModelOutputStuck", "ModelVersionDiffers", "ModelOutputDrift"}
SEGMENTS = {"ModelSegmentJump"}
CLASSES = {"ModelClassJump"}
CONFIDENCE = {"ModelConfidenceDrop"}
ALL = NUMBERS | SEGMENTS | CLASSES | CONFIDENCE


def labels_only() -> Subject:
    rule = ModelRule(name="topic", segments=Segments(code=("client",)))
    classes = (Tally(None, {"sports": 600, "news": 400}, {}),)
    return Subject("topic", rule, Baseline("topic", None, "t.csv", 1000, classes=classes), "runbook/topic.md")


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param(classifier(), ALL, id="classifier"),
        pytest.param(regression(), NUMBERS, id="regression without segments"),
        pytest.param(score(), NUMBERS | SEGMENTS, id="score without a baseline"),
        pytest.param(labels_only(), CLASSES | SEGMENTS | {"ModelOutputStuck"}, id="labels only"),
        pytest.param(unknown(), CLASSES | CONFIDENCE | {"ModelOutputStuck"}, id="nothing known"),
    ],
)
def test_a_model_gets_the_alerts_that_its_figures_allow(subject: Subject, expected: set[str]):
    assert {alert.name for alert in model_rules.alerts(subject)} & ALL == expected


def test_each_segment_key_has_an_alert_that_says_which_it_is():
    assert [alert.labels["segment_key"] for alert in segment_jump(classifier())] == ["origin", "client.os"]


def test_shares_of_classes_are_kept_apart_by_output_where_there_are_several():
    tallies = tuple(Tally(name, {"low": 10, "high": 90}, {}) for name in ("risk", "churn"))
    subject = Subject("both", ModelRule(name="both"), Baseline("both", None, "b.csv", 200, classes=tallies), "r.md")
    (alert,) = class_jump(subject)
    assert alert.level.labels == (names.JOB, names.MODEL, names.OUTPUT, names.CLASS)
    constants = [
        text(rule.expression)
        for group in model_rules.recording_groups(subject)
        for rule in group.rules
        if getattr(rule, "record", "") == "model:ml_predictions:baseline_share"
    ]
    assert [constant.count("vector(0.9)") for constant in constants] == [2]
