"""The program that evaluates rules over months of history says what a Prometheus server says."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bench.alerts import engine

START = 1_372_636_800
STEPS = 120

RULES = """
groups:
  - name: answers
    rules:
      - record: model:answers:rate5m
        expr: sum by (model) (rate(answers_total[5m]))
      - alert: ModelAnswersMany
        expr: model:answers:rate5m > 1
        for: 2m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.model }} answers {{ $value | humanize }} a second"}
"""

pytestmark = pytest.mark.usefixtures("go")


def write_history(folder: Path, start: int, counts: np.ndarray) -> None:
    folder.mkdir()
    series = [{"__name__": "answers_total", "model": "flights"}]
    description = {"start": start, "step": 60, "steps": len(counts), "series": series}
    (folder / "series.json").write_text(json.dumps(description))
    counts.astype("<f8").tofile(folder / "values.f64")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    write_history(tmp_path / "healthy", START, np.arange(STEPS) * 30.0)
    (tmp_path / "rules.yml").write_text(RULES)
    return tmp_path


def test_go_tests_of_the_engine_pass():
    subprocess.run(["go", "test", "-buildvcs=false", "./..."], cwd=engine.SOURCES, check=True, timeout=1500)


def test_alert_of_a_stretch_is_written_with_its_text_and_its_times(history: Path):
    jump = START + 60 * 60
    write_history(history / "many", jump, 60 * 30 + np.arange(60) * 120.0)
    stretch = {"run": "many-0", "at": jump, "until": jump + 3600, "folder": "many"}
    (history / "stretches.jsonl").write_text(json.dumps(stretch))
    engine.evaluate(history / "healthy", history / "rules.yml", history / "stretches.jsonl", history / "out.jsonl")
    (fired,) = map(json.loads, (history / "out.jsonl").read_text().splitlines())
    assert (fired["run"], fired["alert"], fired["severity"]) == ("many-0", "ModelAnswersMany", "page")
    assert fired["fired_at"] - fired["active_at"] == 120
    assert jump < fired["fired_at"] < jump + 600
    assert fired["resolved_at"] is None
    assert fired["summary"] == "flights answers 2 a second"


def test_recorded_series_are_dumped_as_a_history(history: Path):
    engine.evaluate(
        history / "healthy",
        history / "rules.yml",
        None,
        history / "out.jsonl",
        dump=history / "dump",
        dump_names="rate5m",
    )
    described = json.loads((history / "dump" / "healthy" / "series.json").read_text())
    assert described["series"] == [{"__name__": "model:answers:rate5m", "model": "flights"}]
    values = np.fromfile(history / "dump" / "healthy" / "values.f64")
    assert np.isnan(values[0])
    assert values[10:] == pytest.approx(0.5)


def test_values_that_are_cut_off_stop_the_engine(history: Path):
    values = history / "healthy" / "values.f64"
    values.write_bytes(values.read_bytes()[:-8])
    with pytest.raises(engine.EngineError):
        engine.evaluate(history / "healthy", history / "rules.yml", None, history / "out.jsonl")
