"""What the documents say is true: their code runs, their configuration is right, their tables are complete."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import attrs
import promql_parser
import pytest

from bench import report, results
from otel_mlmon import semconv
from otel_mlmon.adapters import BUILT_IN
from otel_mlmon.backends.prometheus.model_rules import alerts
from otel_mlmon.cli import frameworks
from otel_mlmon.config import environment_variables
from otel_mlmon.config.alerts import Alerts, Objective
from otel_mlmon.config.checks import Rule
from otel_mlmon.config.load import load
from otel_mlmon.config.schema import Adapters, Configuration, Limits, Match, ModelRule, Output, Segments
from tests.model_subjects import classifier

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[Any]:
    return [
        pytest.param(dedent(code), id=f"{document.name}-{number}")
        for document in DOCUMENTS
        for number, (_, written, code) in enumerate(BLOCK.findall(document.read_text(encoding="utf-8")))
        if written == language
    ]


@pytest.mark.parametrize("code", blocks("python"))
def test_code_runs(code: str, telemetry: object) -> None:
    exec(compile(code, "document", "exec"), {"__name__": "document"})


@pytest.mark.parametrize("code", [block for block in blocks("yaml") if "models:" in str(block.values[0])])
def test_configuration_is_right(code: str, tmp_path: Path) -> None:
    file = tmp_path / "mlmon.yaml"
    file.write_text(code, encoding="utf-8")
    assert load(str(file)).problems == ()


def test_every_alert_is_described() -> None:
    text = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    known = alerts(classifier())
    for name in dict.fromkeys(alert.name for alert in known):
        severities = dict.fromkeys(alert.severity.value for alert in known if alert.name == name)
        assert f"| `{name}` | {', '.join(severities)} | " in text


def test_every_document_has_blocks_that_are_known() -> None:
    languages = {
        written for document in DOCUMENTS for _, written, _ in BLOCK.findall(document.read_text(encoding="utf-8"))
    }
    assert languages <= {"python", "yaml", "toml", "promql", "sh"}


def test_every_metric_is_described() -> None:
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    metrics = [value for name, value in vars(semconv).items() if name.isupper() and str(value).startswith("ml.")]
    undescribed = [value for value in metrics if not value.endswith(".") and f"`{value}`" not in text]
    assert undescribed == [semconv.PREDICTION_ROWS, semconv.BUCKET_LAYOUT]


def test_every_key_and_variable_is_described() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    keys = [
        prefix + attribute.metadata.get("key", attribute.name)
        for schema, prefix in (
            (Match, "match."),
            (Output, "output."),
            (Segments, "segments."),
            (Limits, "limits."),
            (Adapters, "adapters."),
            (Alerts, "alerts."),
            (Objective, "alerts.slo."),
            (ModelRule, ""),
            (Configuration, ""),
        )
        for attribute in attrs.fields(schema)
        if attribute.name not in ("match", "output", "segments", "models", "limits", "adapters")
    ]
    variables = [name for name in vars(environment_variables) if name.startswith("OTEL_")]
    assert [name for name in (*keys, *variables) if f"`{name}`" not in text] == []


def test_the_page_of_frameworks_is_that_of_the_adapters() -> None:
    assert (ROOT / "docs" / "frameworks.md").read_text(encoding="utf-8") == frameworks.page(), "run `make docs`"


def test_the_oldest_versions_that_are_tested_are_those_that_the_adapters_name() -> None:
    lines = (ROOT / "tests" / "frameworks" / "oldest.txt").read_text(encoding="utf-8").splitlines()
    tested = {name.partition("[")[0]: version for name, _, version in (line.partition("==") for line in lines)}
    named = {name: adapter.oldest for adapter in BUILT_IN for name in adapter.distributions if tested.get(name)}
    assert {name: tested[name] for name in named if not tested[name].startswith(named[name])} == {}
    assert len(named) >= 15


def test_every_rule_is_described() -> None:
    text = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert [rule.name for rule in attrs.fields(Rule) if f"`{rule.name}: " not in text] == []


@pytest.mark.parametrize("code", blocks("promql"))
def test_queries_are_right(code: str) -> None:
    promql_parser.parse(code)


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_figures_are_those_of_the_last_benchmark() -> None:
    run = results.read()
    assert report.readme_table(run) in (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / "docs" / "performance.md").read_text(encoding="utf-8").endswith(report.full_tables(run))
