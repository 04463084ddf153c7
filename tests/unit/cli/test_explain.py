"""``otel-mlmon explain`` prints what to do about an alert."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TWO_MODELS = """
models:
  - {match: {path: "*/delay-*"}, name: flight-delay, output: {kind: probability}}
  - {match: {path: "*/fare-*"}, name: fares, output: {kind: probability}, alerts: {off: [ModelOutputJump]}}
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "mlmon.yaml"
    file.write_text(TWO_MODELS)
    return file


def explain(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("otel-mlmon")), "explain", *map(str, arguments)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        command, env={**clean, "COLUMNS": "120", **environment}, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("alert", ["ModelOutputJump", "modeloutputjump"])
def test_an_alert_is_explained_with_what_to_do_first(configuration: Path, alert: str):
    done = explain(alert, OTEL_MLMON_CONFIG=str(configuration))
    assert done.returncode == 0, done.stderr
    assert "ModelOutputJump" in done.stdout
    assert "What to do first" in done.stdout
    assert 'ml_model_name="flight-delay"' in done.stdout


def test_a_model_that_does_not_have_the_alert_is_left_out(configuration: Path):
    said = explain("ModelOutputJump", "--config", configuration).stdout
    assert "flight-delay" in said
    assert "fares" not in said


def test_every_model_that_has_the_alert_is_explained_or_the_one_that_is_asked_for(configuration: Path):
    both = explain("ModelOutputStuck", "--config", configuration).stdout
    assert 'ml_model_name="flight-delay"' in both
    assert 'ml_model_name="fares"' in both
    one = explain("ModelOutputStuck", "--config", configuration, "--model", "fares").stdout
    assert 'ml_model_name="flight-delay"' not in one
    assert 'ml_model_name="fares"' in one


def test_an_unknown_alert_ends_with_the_nearest_name(configuration: Path):
    done = explain("ModelOutputJmp", "--config", configuration)
    assert done.returncode == 1
    expected = f"otel-mlmon: {configuration} makes no alert 'ModelOutputJmp'; did you mean 'ModelOutputJump'?"
    assert done.stderr.strip() == expected


def test_an_unknown_model_ends_with_the_nearest_name(configuration: Path):
    done = explain("ModelOutputJump", "--config", configuration, "--model", "fare")
    assert done.returncode == 1
    assert done.stderr.strip() == f"otel-mlmon: {configuration} has no model 'fare'; did you mean 'fares'?"


def test_without_a_configuration_it_says_how_to_name_one():
    done = explain("ModelOutputJump")
    assert done.returncode == 1
    assert "--config mlmon.yaml" in done.stderr
