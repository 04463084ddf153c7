"""``otel-mlmon generate prometheus`` writes the same files again, tells when they are stale, and says what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "flight_delay"


def generate(*arguments: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("otel-mlmon")), "generate", "prometheus", *map(str, arguments)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        command, env=clean | environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def files_of(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def example(tmp_path: Path) -> Path:
    for name in ("mlmon.yaml", "baseline.json"):
        shutil.copy(EXAMPLE / name, tmp_path)
    return tmp_path


def test_the_same_input_gives_the_same_bytes(example: Path):
    written = []
    for seed in ("1", "2"):
        done = generate("--config", "mlmon.yaml", folder=example, PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stderr
        written.append(files_of(example / "prometheus"))
    assert written[0] == written[1]
    assert set(written[0]) == {
        "rules/flight-delay.yml",
        "tests/flight-delay.test.yml",
        "tests/flight-delay.history.test.yml",
        "runbook/flight-delay.md",
        "alertmanager.yml",
    }
    assert "otel-mlmon generate prometheus --config mlmon.yaml --out prometheus" in written[0]["rules/flight-delay.yml"]


def test_check_names_what_is_stale_and_what_is_of_no_model_any_more(example: Path):
    assert generate("--config", "mlmon.yaml", folder=example).returncode == 0
    assert generate("--config", "mlmon.yaml", "--check", folder=example).returncode == 0

    rules = example / "prometheus" / "rules" / "flight-delay.yml"
    rules.write_text(rules.read_text().replace("> 0.25", "> 0.3"))
    (example / "prometheus" / "runbook" / "retired.md").write_text("# retired")
    before = files_of(example / "prometheus")
    done = generate("--config", "mlmon.yaml", "--check", folder=example)
    assert done.returncode == 1
    assert "prometheus/rules/flight-delay.yml is stale" in done.stderr
    assert "prometheus/runbook/retired.md is of no model" in done.stderr
    assert "make them again: otel-mlmon generate prometheus --config mlmon.yaml" in done.stderr
    assert files_of(example / "prometheus") == before


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ("models: []", "has no models"),
        ("models: [{match: {path: x}, output: {kind: score}}]", "models[0] has neither a name nor a baseline"),
        ("models: [{name: delay}]", "models[0]: nothing is known of the answers of 'delay'"),
        ("models: [{name: other, baseline: baseline.json}]", "is of the model 'flight-delay' and not of 'other'"),
        ("models: [{name: delay, baseline: none.json}]", "models[0].baseline: none.json cannot be read"),
        (
            "models: [{name: a, output: {kind: score}}, {name: a, output: {kind: score}}]",
            "models[1]: another model is named 'a'",
        ),
        (
            "models: [{name: a, output: {kind: score}, alerts: {off: [ModelOutputJmp]}}]",
            "there is no alert 'ModelOutputJmp'; did you mean 'ModelOutputJump'?",
        ),
        ("models: [{name: a, alerts: {jmp: 1}}]", "unknown key 'jmp'"),
    ],
)
def test_what_no_rules_can_be_written_for_is_said_in_a_line(example: Path, configuration: str, said: str):
    (example / "mlmon.yaml").write_text(configuration)
    done = generate("--config", "mlmon.yaml", folder=example)
    assert done.returncode == 1
    assert done.stderr.startswith("otel-mlmon: mlmon.yaml")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (example / "prometheus").exists()


def test_a_configuration_must_be_named(example: Path):
    done = generate(folder=example)
    assert done.returncode == 1
    assert "say --config mlmon.yaml, or set OTEL_MLMON_CONFIG" in done.stderr
    assert generate(folder=example, OTEL_MLMON_CONFIG="mlmon.yaml").returncode == 0


def test_a_models_name_cannot_leave_the_folder(example: Path):
    name = "../../escape"
    baseline = json.loads((example / "baseline.json").read_text()) | {"model": name}
    (example / "baseline.json").write_text(json.dumps(baseline))
    (example / "mlmon.yaml").write_text(f"models: [{{name: {json.dumps(name)}, baseline: baseline.json}}]")
    before = files_of(example)
    assert generate("--config", "mlmon.yaml", "--out", "deep/er/out", folder=example).returncode == 0
    new = set(files_of(example)) - set(before)
    assert new
    assert all(name.startswith("deep/er/out/") for name in new)


@pytest.mark.parametrize("name", ['say "hi"', "back\\slash", "{{ .Value }}", "a: b # c", "modèle-ñ"])
def test_a_name_of_any_characters_gives_rules_that_yaml_and_promql_read(example: Path, name: str):
    import promql_parser
    import yaml

    baseline = json.loads((example / "baseline.json").read_text()) | {"model": name}
    (example / "baseline.json").write_text(json.dumps(baseline))
    (example / "mlmon.yaml").write_text(f"models: [{{name: {json.dumps(name)}, baseline: baseline.json}}]")
    done = generate("--config", "mlmon.yaml", folder=example)
    assert done.returncode == 0, done.stderr
    (file,) = (example / "prometheus" / "rules").iterdir()
    rules = [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    for rule in rules:
        promql_parser.parse(rule["expr"])
    constants = [rule for rule in rules if rule.get("labels", {}).get("ml_model_name")]
    assert constants
    assert {rule["labels"]["ml_model_name"] for rule in constants} == {name}
