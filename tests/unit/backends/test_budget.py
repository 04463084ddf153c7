"""Burn rates are the published ones, and objectives that cannot be watched are refused or left out."""

from __future__ import annotations

from typing import Any

import pytest

from otel_mlmon.backends.prometheus.alerts.budget import BURNS, Burn, budget_burn, latency_budget_burn
from otel_mlmon.backends.prometheus.configured import GenerationError
from otel_mlmon.backends.prometheus.recording.budget import budget_groups
from otel_mlmon.backends.prometheus.rule import Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.text import duration
from otel_mlmon.config.alerts import Alerts, Objective
from otel_mlmon.config.schema import ModelRule

HOURS_OF_THE_PERIOD = 720
SLOTH = {
    ("page", "1h", "5m"): 2,
    ("page", "6h", "30m"): 5,
    ("ticket", "1d", "2h"): 10,
    ("ticket", "3d", "6h"): 10,
}
"""Percent of the budget that is gone after the long window: sloth's windows ``google-30d``."""

OF_HOURS = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}


def subject(**slo: Any) -> Subject:
    return Subject("model", ModelRule(name="model", alerts=Alerts(slo=Objective(**slo))), None, "runbook/model.md")


def windows(burn: Burn) -> tuple[str, str, str]:
    return burn.severity.value, duration(burn.long), duration(burn.short)


def test_windows_and_factors_are_those_that_sloth_makes_of_its_windows_for_30_days():
    assert {windows(burn) for burn in BURNS} == SLOTH.keys()
    for burn in BURNS:
        percent = SLOTH[windows(burn)]
        speed = percent / 100 * HOURS_OF_THE_PERIOD / OF_HOURS[duration(burn.long)]
        assert burn.factor == pytest.approx(speed)
        assert burn.spent == pytest.approx(percent / 100)


def test_a_speed_that_no_share_of_bad_calls_can_reach_has_no_alert():
    found = [(alert.severity, alert.threshold) for alert in budget_burn(subject(good=0.9))]
    assert found == [(Severity.PAGE, 6), (Severity.TICKET, 3), (Severity.TICKET, 1)]


def test_slow_calls_are_those_above_the_next_boundary_and_the_rule_says_so():
    (_, slow) = budget_groups(subject(latency=0.3))
    assert slow.rules[0].comment == "Calls of more than 0.5 s, where the first bucket for 0.3 s or more ends."
    assert len(list(latency_budget_burn(subject(latency=0.3)))) == len(BURNS)


def test_a_latency_beyond_all_boundaries_is_refused():
    with pytest.raises(
        GenerationError, match=r"alerts\.slo\.latency is 12 s, and latencies are counted up to 10 s only"
    ):
        list(budget_groups(subject(latency=12)))
