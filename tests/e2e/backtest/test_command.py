"""``otel-mlmon backtest`` against a real Prometheus that has nine days of a service, and no rules."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from examples.local_stack.backends import Backends
from otel_mlmon.config.load import load
from tests.e2e.backtest.past import Past, serve

MODEL = "flight-delay"
INCIDENT_DAYS_AGO = 1.5
OTHERS = "[ModelSegmentJump, ModelOutputStuck, ModelOutputDrift, ModelClassJump, ModelVersionDiffers, ModelLatencyJump]"
CONFIGURATION = f"""\
# Ours
models:
  - name: {MODEL}  # since May
    output: {{kind: probability}}
    segments: {{code: [origin]}}
    alerts: {{off: {OTHERS}}}
"""


def run(address: str, configuration: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("otel-mlmon"), "backtest", "--prometheus", address]
    return subprocess.run(
        [*map(str, command), "--config", str(configuration), "--step", "10m", *arguments],
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def end() -> int:
    return int(time.time()) // 600 * 600


@pytest.fixture(scope="module")
def address(backends: Backends, tmp_path_factory: pytest.TempPathFactory, end: int) -> Iterator[str]:
    past = Past(MODEL, end, days=9, incident=INCIDENT_DAYS_AGO)
    program, address = serve(past, backends, tmp_path_factory.mktemp("prometheus"))
    program.start()
    yield address
    program.stop()


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    file = tmp_path / "mlmon.yaml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    return file


def test_an_incident_of_the_past_is_found_and_named(address: str, configuration: Path, end: int):
    done = run(address, configuration)
    assert done.returncode == 0, done.stderr
    began = datetime.fromtimestamp(end, timezone.utc) - timedelta(days=INCIDENT_DAYS_AGO)
    fired = [line for line in done.stdout.splitlines() if "  ModelOutputJump" in line]
    minutes = {f"{began + timedelta(minutes=late):%Y-%m-%d %H:%M}" for late in (0, 10, 20)}
    assert any(line[:16] in minutes for line in fired), done.stdout
    assert "--without" in done.stdout
    assert configuration.read_text(encoding="utf-8") == CONFIGURATION


def test_without_the_incident_a_lower_threshold_is_written(address: str, configuration: Path, end: int):
    began = datetime.fromtimestamp(end, timezone.utc) - timedelta(days=INCIDENT_DAYS_AGO)
    days = f"{began:%Y-%m-%d}..{began + timedelta(hours=4):%Y-%m-%d}"
    done = run(address, configuration, "--without", days, "--write")
    assert done.returncode == 0, done.stderr
    (model,) = load(str(configuration)).configuration.models
    assert model.alerts.jump == 0.13
    assert configuration.read_text(encoding="utf-8").startswith(CONFIGURATION.partition("    alerts")[0])


def test_a_model_that_nobody_asked_is_an_error_of_one_line(address: str, configuration: Path):
    configuration.write_text(CONFIGURATION.replace(MODEL, "other"), encoding="utf-8")
    done = run(address, configuration)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"otel-mlmon: {address} has no predictions of the model 'other' in the last 4 weeks")
    assert done.stderr.count("\n") == 1
