"""``otel-mlmon check`` says which adapters are active here and what the models in a folder would be called."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

CONFIGURATION = """
models:
  - match: {path: "*/delay-*"}
    name: flight-delay
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("delay-2026.joblib", "nested/clicks.onnx", "orders.pkl", "notes.txt", ".hidden/secret.pkl"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    (tmp_path / "mlmon.yaml").write_text(CONFIGURATION)
    return tmp_path


def check(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("otel-mlmon")), "check", *map(str, arguments)]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return subprocess.run(
        command, env={**clean, "COLUMNS": "120", **environment}, capture_output=True, text=True, timeout=60, check=False
    )


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of each row of a table by the first one."""
    cells = [re.split(r" {2,}", line.strip()) for line in text.splitlines()]
    return {first: rest for first, *rest in cells}


def test_adapters_are_listed_with_what_is_installed_and_what_is_supported() -> None:
    done = check()
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout)
    assert found["sklearn"] == ["scikit-learn", version("scikit-learn"), "1.4 and later", "active"]
    assert found["pickle"] == ["Python", "any", "active"]


def test_switched_off_adapters_are_named_so() -> None:
    found = rows(
        check(OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="otel_mlmon_sklearn", OTEL_MLMON_ADAPTERS="sklearn").stdout
    )
    assert found["sklearn"][-1] == found["lightgbm"][-1] == "switched off"
    assert found["joblib"][-1] == "active"


def test_models_in_a_folder_are_listed_with_the_names_that_they_will_have(folder: Path) -> None:
    done = check(folder, "--config", folder / "mlmon.yaml")
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout.partition("rule")[2])
    assert found["flight-delay"][:2] == ["joblib", "models[0]"]
    assert found["clicks"][0] == "onnxruntime"
    assert found["orders"][0] == "pickle"
    assert "secret" not in done.stdout
    assert "notes" not in done.stdout


def test_a_wrong_configuration_is_named_by_its_place_and_ends_with_an_exit_code(folder: Path) -> None:
    (folder / "mlmon.yaml").write_text(CONFIGURATION + "    nam: other\n")
    done = check("--config", folder / "mlmon.yaml")
    assert done.returncode == 1
    assert "mlmon.yaml:5:5: unknown key 'nam' in models[0]; did you mean 'name'?" in done.stderr


SEGMENTED = """
models:
  - name: flight-delay
    output: {kind: probability, positive_class: 1}
    segments: {columns: [origin], values: {origin: [JFK, LGA, EWR]}}
  - segments: {columns: [country, client]}
limits: {series: 1000}
"""


def test_the_most_series_of_each_model_are_listed_and_too_many_end_with_the_key_to_lower(folder: Path) -> None:
    (folder / "mlmon.yaml").write_text(SEGMENTED)
    done = check("--config", folder / "mlmon.yaml")
    assert done.returncode == 1
    assert (
        "model 'models[1]' may have 7,855 attribute sets, and limits.series allows 1,000: "
        "lower models[1].segments.max_values from 20 to 3" in done.stderr
    )
    assert "flight-delay" not in done.stderr
    found = rows(done.stdout.partition("attribute sets")[2].partition("models[1]")[0])
    assert found["flight-delay"] == ["ml.prediction.duration", "13", "247"]
    assert found["ml.predictions"] == ["20", "20"]
    assert found["all"] == ["45", "568"]


def test_series_within_the_limit_are_no_failure(folder: Path) -> None:
    (folder / "mlmon.yaml").write_text(SEGMENTED.replace("1000", "8_000"))
    done = check("--config", folder / "mlmon.yaml")
    assert (done.returncode, done.stderr) == (0, "")
