"""Which adapters are applied: all, some, those of other packages, and not those whose framework has changed."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import lightgbm
import numpy as np
import pytest
from attrs import evolve
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from otel_mlmon import safety
from otel_mlmon.adapters import BUILT_IN
from otel_mlmon.capture import registry
from otel_mlmon.capture.adapter import Adapter, Hook, first_argument
from otel_mlmon.config.schema import Adapters, Configuration
from otel_mlmon.observe.answers import Scores
from tests.collected import Collected
from tests.conftest import Table

DURATION = "ml.prediction.duration"
DISABLED = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"


@pytest.fixture
def boosted(table: Table) -> lightgbm.LGBMClassifier:
    return lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(table.inputs, table.label)


@pytest.fixture
def linear(table: Table) -> LogisticRegression:
    return LogisticRegression().fit(table.inputs, table.label)


def frameworks(collected: Collected) -> set[str]:
    return {point.attributes["ml.framework"] for point in collected.points("ml.model.info")}


SWITCHES: dict[str, tuple[dict[str, str], Configuration]] = {
    "OpenTelemetry's own variable": ({DISABLED: "requests, otel_mlmon_lightgbm,otel_mlmon_torch"}, Configuration()),
    "a variable": ({"OTEL_MLMON_ADAPTERS": "sklearn, xgboost"}, Configuration()),
    "only in the file": ({}, Configuration(adapters=Adapters(only=("sklearn",)))),
    "except in the file": ({}, Configuration(adapters=Adapters(without=("lightgbm",)))),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_models_of_an_adapter_that_is_switched_off_are_not_observed_by_another_one_either(  # noqa: PLR0917
    name: str,
    instrument: Callable[..., Collected],
    monkeypatch: pytest.MonkeyPatch,
    boosted: lightgbm.LGBMClassifier,
    linear: LogisticRegression,
    table: Table,
) -> None:
    environment, configuration = SWITCHES[name]
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    collected = instrument(configuration)

    class Own(lightgbm.LGBMClassifier):
        def predict(self, inputs: Any) -> Any:
            return np.ones(len(inputs))

    boosted.predict_proba(table.inputs)
    boosted.booster_.predict(table.inputs)
    Own().predict(table.inputs)
    linear.predict(table.inputs)
    make_pipeline(boosted).predict(table.inputs)
    assert collected.count(DURATION) == 2
    assert frameworks(collected) == {"sklearn"}


def test_only_one_adapter_still_has_models_named_by_their_files(
    instrument: Callable[..., Collected], linear: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    collected = instrument(Configuration(adapters=Adapters(only=("sklearn",))))
    joblib.dump(linear, tmp_path / "clicks.joblib")
    joblib.load(tmp_path / "clicks.joblib").predict(table.inputs)
    assert collected.counts_by(DURATION, "ml.model.name") == {"clicks": 1}


def test_an_adapter_that_does_not_exist_is_named_with_those_that_do(
    instrument: Callable[..., Collected], caplog: pytest.LogCaptureFixture
) -> None:
    instrument(Configuration(adapters=Adapters(without=("lightgmb",))))
    assert "there is no adapter 'lightgmb'; known are aiohttp" in caplog.text


class Ranker:
    """A model of a framework that this module stands for."""

    def rank(self, inputs: list[float]) -> list[float]:
        return inputs

    def moved(self) -> None:
        """Has another name in versions to come."""


RANKER = Adapter(
    name="ranker",
    distributions=("otel-mlmon",),
    hooks=(Hook(f"{__name__}:Ranker.rank", lambda call: Scores(call.answer), first_argument),),
)


@pytest.fixture
def with_adapters(
    instrument: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Collected]]:
    """Return a function that instruments with other adapters beside those built in."""

    def start(*adapters: Adapter) -> Collected:
        monkeypatch.setattr("otel_mlmon.instrumentor.BUILT_IN", (*BUILT_IN, *adapters))
        return instrument()

    yield start
    safety.set_strict(False)


@pytest.mark.parametrize("gone", ["Ranker.vanished", "Missing.rank", "vanished"])
def test_an_adapter_whose_target_has_vanished_is_off_with_one_line_and_nothing_else_is(
    gone: str,
    with_adapters: Callable[..., Collected],
    caplog: pytest.LogCaptureFixture,
    linear: LogisticRegression,
    table: Table,
) -> None:
    safety.set_strict(False)
    hooks = (*RANKER.hooks, Hook(f"{__name__}:{gone}", RANKER.hooks[0].outputs), *RANKER.hooks)
    original = vars(Ranker)["rank"]
    with caplog.at_level(logging.WARNING):
        collected = with_adapters(evolve(RANKER, hooks=hooks))
    assert vars(Ranker)["rank"] is original
    (line,) = [record.getMessage() for record in caplog.records if record.name == "otel_mlmon"]
    assert f"has no {__name__}:{gone}: adapter 'ranker' is off" in line
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=otel_mlmon_ranker" in line
    Ranker().rank([1.0])
    linear.predict(table.inputs)
    assert frameworks(collected) == {"sklearn"}
    assert collected.count("ml.monitor.errors", ml_monitor_stage="adapter") == 1


def test_a_target_that_other_versions_have_is_left_out(with_adapters: Callable[..., Collected]) -> None:
    hooks = (
        Hook(f"{__name__}:Ranker.vanished", RANKER.hooks[0].outputs, until="0.0.0"),
        Hook(f"{__name__}:Ranker.yet_to_come", RANKER.hooks[0].outputs, since="1000"),
        *RANKER.hooks,
    )
    collected = with_adapters(evolve(RANKER, hooks=hooks))
    Ranker().rank([1.0])
    assert collected.count(DURATION) == 1


def test_a_library_that_is_too_old_is_left_alone_with_one_line(
    with_adapters: Callable[..., Collected], caplog: pytest.LogCaptureFixture
) -> None:
    collected = with_adapters(evolve(RANKER, oldest="1000", hooks=RANKER.hooks * 3))
    Ranker().rank([1.0])
    assert collected.points(DURATION) == []
    lines = [record.getMessage() for record in caplog.records if "is older than 1000" in record.getMessage()]
    assert len(lines) == 1


PLUGIN = """
from otel_mlmon.adapter import Adapter, Hook, Scores, first_argument

ADAPTER = Adapter(
    name="tiny",
    distributions=("tiny-framework",),
    oldest="1.0",
    hooks=(Hook("tiny_framework:Model.answer", lambda call: Scores(call.answer), first_argument),),
)
"""
FRAMEWORK = """
class Model:
    def answer(self, rows):
        return [0.5] * len(rows)
"""
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n"
SERVICE = """
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from otel_mlmon.instrumentor import ModelInstrumentor

reader = InMemoryMetricReader()
ModelInstrumentor().instrument(meter_provider=MeterProvider([reader]))
import tiny_framework
model = tiny_framework.Model()
model.answer([1, 2, 3])
for resource in reader.get_metrics_data().resource_metrics:
    for scope in resource.scope_metrics:
        for metric in scope.metrics:
            for point in metric.data.data_points:
                print(metric.name, getattr(point, "count", None), dict(point.attributes).get("ml.framework"))
"""


def test_another_package_brings_an_adapter_by_its_entry_point(tmp_path: Path) -> None:
    (tmp_path / "tiny_framework.py").write_text(FRAMEWORK)
    (tmp_path / "tiny_plugin.py").write_text(PLUGIN)
    for name in ("tiny-framework", "tiny-plugin"):
        folder = tmp_path / f"{name.replace('-', '_')}-1.2.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(METADATA.format(name=name))
        if name == "tiny-plugin":
            (folder / "entry_points.txt").write_text("[otel_mlmon_adapter]\ntiny = tiny_plugin:ADAPTER\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", SERVICE], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert "ml.prediction.value 3 None" in done.stdout
    assert "ml.model.info None tiny" in done.stdout
    assert done.stderr == ""


ACME_RANK = """
class Ranker:
    def fit(self, rows):
        self.predict(rows)
        return self

    def predict(self, rows):
        return [float(len(row)) for row in rows]

    def rank(self, items):
        return sorted(((item, float(len(item))) for item in items), key=lambda pair: -pair[1])

    def load_file(self, path):
        self.path = path
"""


def test_the_adapter_that_the_documentation_writes_observes_its_library(
    with_adapters: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "acme_rank").mkdir()
    (tmp_path / "acme_rank" / "models.py").write_text(ACME_RANK)
    (tmp_path / "home.acme").touch()
    monkeypatch.syspath_prepend(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
    written: dict[str, Any] = {"__name__": "acme_rank_telemetry"}
    exec(compile(code, "adapters.md", "exec"), written)

    collected = with_adapters(written["ADAPTER"])
    models = importlib.import_module("acme_rank.models")
    ranker = models.Ranker().fit(["a"])
    assert collected.points(DURATION) == []
    ranker.load_file(str(tmp_path / "home.acme"))
    ranker.predict(["a", "bb"])
    ranker.rank(["a", "bb", "ccc"])
    ranker.rank([])
    assert collected.counts_by(DURATION, "ml.model.name") == {"home": 3}
    assert collected.total("ml.prediction.value", ml_operation="predict") == 3.0
    assert collected.total("ml.prediction.value", ml_operation="rank") == 3.0
    (results,) = collected.points("ml.result.count")
    assert (results.count, results.sum) == (2, 3.0)


def test_a_broken_entry_point_is_counted_and_the_others_go_on(
    instrument: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch, linear: LogisticRegression, table: Table
) -> None:
    safety.set_strict(False)
    broken = types.SimpleNamespace(name="broken", load=lambda: "no adapter")
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken])
    collected = instrument()
    linear.predict(table.inputs)
    assert collected.count(DURATION) == 1


def test_two_models_of_one_class_from_two_files_are_two_models(
    telemetry: Collected, linear: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    for name in ("clicks", "orders"):
        joblib.dump(linear, tmp_path / f"{name}.joblib")
        joblib.load(tmp_path / f"{name}.joblib").predict(table.inputs)
    assert telemetry.counts_by(DURATION, "ml.model.name") == {"clicks": 1, "orders": 1}


def test_after_a_hot_swap_new_calls_have_the_new_version_and_calls_in_flight_keep_theirs(
    telemetry: Collected, table: Table
) -> None:
    import otel_mlmon

    class Service:
        model: Any = None

    def train(version: str) -> Any:
        return otel_mlmon.name(LogisticRegression().fit(table.inputs, table.label), "clicks", version=version)

    service = Service()
    service.model = train("1")
    in_flight = service.model.predict
    service.model = train("2")
    service.model.predict(table.inputs)
    in_flight(table.inputs)
    assert telemetry.counts_by(DURATION, "ml.model.version") == {"1": 1, "2": 1}
    del in_flight
    gc.collect()
    (info,) = telemetry.points("ml.model.info")
    assert info.attributes["ml.model.version"] == "2"


def test_ten_thousand_models_that_come_and_go_leave_nothing(instrument: Callable[..., Collected], table: Table) -> None:
    import tracemalloc

    collected = instrument(spans="off")

    def come_and_go(count: int) -> None:
        for _ in range(count):
            Scorer().fit(None, None).predict(table.inputs[:1])

    from sklearn.base import BaseEstimator, RegressorMixin

    class Scorer(RegressorMixin, BaseEstimator):
        def fit(self, inputs: Any, number: Any) -> Any:
            return self

        def predict(self, inputs: Any) -> Any:
            return np.array([0.5])

    come_and_go(500)
    collected.points(DURATION)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    come_and_go(10_000)
    assert collected.count(DURATION) == 10_500
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 200_000
    assert collected.points("ml.model.info") == []
