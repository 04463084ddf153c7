"""What every alert must have, and where the constants of the rules come from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.flight_delay.train import BASELINE_FILE
from examples.local_stack.backends import COLLECTOR_FOLDER
from examples.local_stack.compressed import compressed

RULES = COLLECTOR_FOLDER / "rules"
SHIPPED = (RULES / "flight_delay.yml").read_text(encoding="utf-8")
ALERTS = [rule for group in yaml.safe_load(SHIPPED)["groups"] for rule in group["rules"] if "alert" in rule]
BASELINE_TOLERANCE = 0.02


def constants(record: str) -> dict[str, float]:
    """Return the constants that a rule falls back to, by the label value in front of each (none: empty)."""
    (rule,) = (
        rule for group in yaml.safe_load(SHIPPED)["groups"] for rule in group["rules"] if rule.get("record") == record
    )
    found = re.findall(r'(?:="(\w+)"\})? \* 0 \+ ([\d.]+)', rule["expr"])
    return {name: float(value) for name, value in found}


@pytest.fixture(scope="module")
def baseline(trained: Path) -> dict[str, Any]:
    return json.loads((trained / BASELINE_FILE).read_text(encoding="utf-8"))


def test_the_usual_scores_are_those_of_the_models_baseline(baseline: dict[str, Any]):
    expected = {"": baseline["overall"]["mean"]}
    assert constants("job_model:ml_prediction_value:usual") == pytest.approx(expected, abs=BASELINE_TOLERANCE)
    expected = {origin: of_origin["mean"] for origin, of_origin in baseline["origin"].items()}
    assert constants("job_model_origin:ml_prediction_value:usual") == pytest.approx(expected, abs=BASELINE_TOLERANCE)


def test_the_usual_shares_of_the_classes_are_those_of_the_models_baseline(baseline: dict[str, Any]):
    late = baseline["overall"]["positive_share"]
    assert constants("job_model_class:ml_predictions:usual_share") == pytest.approx(
        {"0": 1 - late, "1": late}, abs=BASELINE_TOLERANCE
    )


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_waits_says_how_urgent_it_is_and_what_to_do_first(alert: dict[str, Any]):
    assert {"for", "keep_firing_for"} <= alert.keys()
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description", "advice"} == alert["annotations"].keys()
    assert "What it means:" in alert["annotations"]["advice"]
    assert "What to do first" in alert["annotations"]["advice"]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_has_a_test_in_which_it_fires(alert: dict[str, Any]):
    tests = "".join(file.read_text(encoding="utf-8") for file in RULES.glob("*.test.yml"))
    assert f'alertname="{alert["alert"]}"' in tests


def test_every_recorded_series_that_an_alert_or_its_advice_names_is_recorded():
    recorded = set(re.findall(r"record: (\S+)", SHIPPED))
    assert set(re.findall(r"job_model\w*:\w+:\w+", SHIPPED)) == recorded


def test_compressing_divides_times_and_leaves_thresholds_and_texts_alone():
    before = [alert["annotations"] for alert in ALERTS]
    rules = [rule for group in yaml.safe_load(compressed(SHIPPED))["groups"] for rule in group["rules"]]
    assert [rule["annotations"] for rule in rules if "alert" in rule] == before
    shift = next(rule for rule in rules if rule.get("alert") == "FlightDelayScoreShift")
    assert shift["for"] == "5000ms"
    assert "> 0.15" in shift["expr"]
    rows = next(rule for rule in rules if rule.get("record") == "job_model:ml_prediction_value:rows10m")
    assert "[10000ms]" in rows["expr"]
