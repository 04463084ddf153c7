"""A model is called as its service says, else as configured, else as its file, else as its class."""

from __future__ import annotations

import gc
import io
import pickle
from collections.abc import Callable
from pathlib import Path

import cloudpickle
import joblib
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import otel_mlmon
from otel_mlmon.config.schema import Configuration, Limits, Match, ModelRule
from tests.collected import Collected
from tests.conftest import Table


@pytest.fixture
def model(table: Table) -> LogisticRegression:
    return LogisticRegression().fit(table.inputs, table.label)


def names(collected: Collected) -> set[str]:
    return set(collected.counts_by("ml.prediction.duration", "ml.model.name"))


def test_without_more_a_model_is_called_as_its_class(
    telemetry: Collected, model: LogisticRegression, table: Table
) -> None:
    model.predict(table.inputs)
    assert names(telemetry) == {"LogisticRegression"}


def test_a_model_loaded_by_joblib_is_called_as_its_file(
    telemetry: Collected, model: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    joblib.dump(model, tmp_path / "delay-2026-11.joblib")
    joblib.load(tmp_path / "delay-2026-11.joblib").predict(table.inputs)
    assert names(telemetry) == {"delay-2026-11"}


def test_a_model_loaded_by_pickle_or_from_an_open_file_is_called_as_its_file(
    telemetry: Collected, model: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    (tmp_path / "churn.pkl").write_bytes(pickle.dumps(model))
    with (tmp_path / "churn.pkl").open("rb") as file:
        pickle.load(file).predict(table.inputs)
    joblib.dump(model, tmp_path / "ranking.joblib")
    with (tmp_path / "ranking.joblib").open("rb") as file:
        joblib.load(file).predict(table.inputs)
    assert names(telemetry) == {"churn", "ranking"}


def test_a_model_loaded_by_cloudpickle_or_skops_is_called_as_its_file(
    telemetry: Collected, model: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    (tmp_path / "fraud.pkl").write_bytes(cloudpickle.dumps(model))
    with (tmp_path / "fraud.pkl").open("rb") as file:
        cloudpickle.load(file).predict(table.inputs)
    skops.io.dump(model, tmp_path / "search.skops")
    skops.io.load(tmp_path / "search.skops").predict(table.inputs)
    assert names(telemetry) == {"fraud", "search"}


def test_a_model_in_a_loaded_dict_is_called_as_the_file_and_two_as_their_keys_too(
    telemetry: Collected, model: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    joblib.dump({"model": model, "columns": ["a"], "threshold": 0.5}, tmp_path / "one.joblib")
    joblib.load(tmp_path / "one.joblib")["model"].predict(table.inputs)
    scaler = StandardScaler().fit(table.inputs)
    joblib.dump({"scaler": scaler, "model": model}, tmp_path / "two.joblib")
    joblib.load(tmp_path / "two.joblib")["model"].predict(table.inputs)
    assert names(telemetry) == {"one", "two.model"}


def test_bytes_without_a_file_keep_the_name_of_the_class(
    telemetry: Collected, model: LogisticRegression, table: Table
) -> None:
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    buffer.seek(0)
    joblib.load(buffer).predict(table.inputs)
    assert names(telemetry) == {"LogisticRegression"}


def test_configuration_names_by_path_class_framework_and_name(
    instrument: Callable[..., Collected], model: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    rules = (
        ModelRule(match=Match(path="*/delay-*.joblib"), name="flight-delay", version="7"),
        ModelRule(match=Match(model_class="*.LogisticRegression", name="plain*"), name="never"),
        ModelRule(match=Match(model_class="LogisticRegression", framework="sklearn"), name="by-class"),
    )
    collected = instrument(Configuration(models=rules))
    joblib.dump(model, tmp_path / "delay-1.joblib")
    joblib.load(tmp_path / "delay-1.joblib").predict(table.inputs)
    model.predict(table.inputs)
    assert names(collected) == {"flight-delay", "by-class"}
    assert collected.points("ml.prediction.duration", ml_model_version="7")


def test_a_name_given_by_the_service_beats_all(
    instrument: Callable[..., Collected], model: LogisticRegression, table: Table
) -> None:
    collected = instrument(Configuration(models=(ModelRule(name="configured"),)))
    assert otel_mlmon.name(model, "ranking", version="3") is model
    model.predict(table.inputs)
    (point,) = collected.points("ml.prediction.duration")
    assert point.attributes["ml.model.name"] == "ranking"
    assert point.attributes["ml.model.version"] == "3"


def test_a_wrong_name_is_a_clear_type_error(model: LogisticRegression) -> None:
    with pytest.raises(TypeError, match=r"such as name\(model, 'flight-delay'\), and got 3"):
        otel_mlmon.name(model, 3)
    with pytest.raises(TypeError, match="allows no weak reference"):
        otel_mlmon.name((1, 2), "tuple")


def test_model_info_tells_framework_class_and_fingerprint_of_live_models(
    telemetry: Collected, model: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    import hashlib

    path = tmp_path / "delay.joblib"
    joblib.dump(model, path)
    loaded = joblib.load(path)
    loaded.predict(table.inputs)
    (info,) = telemetry.points("ml.model.info")
    assert info.count == 1
    assert info.attributes == {
        "ml.model.name": "delay",
        "ml.framework": "sklearn",
        "ml.model.class": "LogisticRegression",
        "ml.model.fingerprint": hashlib.sha256(path.read_bytes()).hexdigest()[:16],
    }
    del loaded
    gc.collect()
    assert telemetry.points("ml.model.info") == []


def test_models_loaded_for_every_request_share_their_series(
    telemetry: Collected, model: LogisticRegression, table: Table, tmp_path: Path
) -> None:
    path = tmp_path / "delay.joblib"
    joblib.dump(model, path)
    for _ in range(20):
        joblib.load(path).predict(table.inputs)
    (point,) = telemetry.points("ml.prediction.duration")
    assert point.count == 20


def test_more_models_than_the_limit_are_called_other(
    instrument: Callable[..., Collected], model: LogisticRegression, table: Table
) -> None:
    collected = instrument(Configuration(limits=Limits(models=2)))
    models = [otel_mlmon.name(pickle.loads(pickle.dumps(model)), f"tenant-{index}") for index in range(5)]
    for one in models:
        one.predict(table.inputs[:1])
    found = collected.counts_by("ml.prediction.duration", "ml.model.name")
    assert found == {"tenant-0": 1, "tenant-1": 1, "other": 3}


def test_long_names_and_classes_are_cut(telemetry: Collected, table: Table) -> None:
    model = LogisticRegression().fit(table.inputs, [f"{'x' * 300}{label}" for label in table.label])
    otel_mlmon.name(model, "m" * 1000)
    model.predict(table.inputs)
    (point, *_) = telemetry.points("ml.predictions")
    assert len(point.attributes["ml.model.name"]) == 256
    assert len(point.attributes["ml.prediction.class"]) == 256
