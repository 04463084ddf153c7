"""The shipped configurations, judged by the tools of the programs that load them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from examples.local_stack.backends import COLLECTOR_FOLDER, Backends
from examples.local_stack.stack import PROMETHEUS_CONFIGURATION, ROUTES, shipped_rules

pytestmark = pytest.mark.e2e

AGENT_TESTS = COLLECTOR_FOLDER / "rules" / "agent.test.yml"


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
    accepted(backends.promtool, "check", "config", "--lint=all", "--lint-fatal", PROMETHEUS_CONFIGURATION)


@pytest.mark.parametrize("file", shipped_rules(), ids=lambda file: file.name)
def test_prometheus_accepts_the_rules_that_its_configuration_names_with_no_remark(backends: Backends, file: Path):
    accepted(backends.promtool, "check", "rules", "--lint=all", "--lint-fatal", file)


def test_an_agent_that_does_not_answer_is_a_ticket_and_one_that_does_is_silent(backends: Backends):
    accepted(backends.promtool, "test", "rules", AGENT_TESTS)


def test_alertmanager_accepts_its_configuration(backends: Backends):
    accepted(backends.amtool, "check-config", ROUTES)


def test_the_addresses_that_alertmanager_posts_to_lie_where_it_looks_for_them():
    named = [
        ROUTES.parent / webhook["url_file"]
        for receiver in yaml.safe_load(ROUTES.read_text(encoding="utf-8"))["receivers"]
        for webhook in receiver["webhook_configs"]
    ]
    assert len(named) == 2
    assert all(file.read_text(encoding="utf-8").startswith("http://") for file in named)
