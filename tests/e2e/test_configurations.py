"""The shipped configurations, judged by the tools of the programs that load them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from examples.local_stack.backends import COLLECTOR_FOLDER, Backends

pytestmark = pytest.mark.e2e

RULES = COLLECTOR_FOLDER / "rules"
RULE_TESTS = sorted(RULES.glob("*.test.yml"))


def accepted(*command: str | Path, **environment: str) -> None:
    """Run a check; its output is the failure's message."""
    answer = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("exporter", ["debug", "otlp_http/traces"])
def test_the_collector_accepts_the_agent_whatever_traces_go_to(backends: Backends, exporter: str):
    agent = COLLECTOR_FOLDER / "agent.yaml"
    accepted(backends.collector, "validate", "--config", agent, MLMON_TRACES_EXPORTER=exporter)


def test_prometheus_accepts_its_configuration_with_no_remark(backends: Backends):
    accepted(backends.promtool, "check", "config", "--lint=all", "--lint-fatal", COLLECTOR_FOLDER / "prometheus.yml")


def test_prometheus_accepts_the_rules_with_no_remark(backends: Backends):
    accepted(backends.promtool, "check", "rules", "--lint=all", "--lint-fatal", RULES / "flight_delay.yml")


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.name)
def test_alerts_fire_on_bad_series_and_are_silent_on_good_ones(backends: Backends, file: Path):
    accepted(backends.promtool, "test", "rules", file)


def test_alertmanager_accepts_its_configuration(backends: Backends):
    accepted(backends.amtool, "check-config", COLLECTOR_FOLDER / "alertmanager.yml")
