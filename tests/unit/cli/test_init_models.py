"""``otel-mlmon init`` loads what services load, asks it as they do, and finds out what it answers with."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import joblib
import lightgbm
import numpy as np
import pandas as pd
import pytest
import skl2onnx
import skops.io
import xgboost
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB

from otel_mlmon.cli.failure import Failure
from otel_mlmon.cli.init.session import Request, make
from otel_mlmon.config.baseline import Baseline, load
from otel_mlmon.config.load import load as load_configuration
from otel_mlmon.config.schema import ModelRule, OutputKind

ROWS = 600
NAMES = ["age", "income"]
Save = Callable[[Path, pd.DataFrame], Path]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    random = np.random.default_rng(3)
    table = pd.DataFrame(random.normal(size=(ROWS, 2)) * [12.0, 900.0] + [40.0, 3000.0], columns=NAMES)
    table["spent"] = table["age"] * 3 + table["income"] / 10
    table["class"] = (table["spent"] > table["spent"].median()).astype(int)
    return table


def asked(folder: Path, table: pd.DataFrame, file: Path, **request: Any) -> tuple[ModelRule, Baseline]:
    """Return what ``make`` makes of a model, read back."""
    table.to_parquet(folder / "data.parquet")
    made = make(Request(data=str(folder / "data.parquet"), model=file, **request))
    (folder / "mlmon.yaml").write_text(made.document or "")
    (folder / "baseline.json").write_text(made.baseline)
    loaded = load_configuration(str(folder / "mlmon.yaml"))
    assert not loaded.problems, made.document
    return loaded.configuration.models[0], load(folder / "baseline.json")


def sklearn_joblib(folder: Path, table: pd.DataFrame) -> Path:
    joblib.dump(LogisticRegression().fit(table[NAMES], table["class"]), folder / "model.joblib")
    return folder / "model.joblib"


def sklearn_pickle_in_a_mapping(folder: Path, table: pd.DataFrame) -> Path:
    held = {"model": LogisticRegression().fit(table[NAMES], table["class"]), "trained": "2026-11-01"}
    (folder / "model.pkl").write_bytes(pickle.dumps(held))
    return folder / "model.pkl"


def sklearn_skops(folder: Path, table: pd.DataFrame) -> Path:
    skops.io.dump(LogisticRegression().fit(table[NAMES], table["class"]), folder / "model.skops")
    return folder / "model.skops"


def xgboost_classifier(folder: Path, table: pd.DataFrame) -> Path:
    xgboost.XGBClassifier(n_estimators=3).fit(table[NAMES], table["class"]).save_model(folder / "model.ubj")
    return folder / "model.ubj"


def xgboost_booster(folder: Path, table: pd.DataFrame) -> Path:
    data = xgboost.DMatrix(table[NAMES], table["class"])
    xgboost.train({"objective": "binary:logistic"}, data, 3).save_model(folder / "model.json")
    return folder / "model.json"


def lightgbm_booster(folder: Path, table: pd.DataFrame) -> Path:
    data = lightgbm.Dataset(table[NAMES], table["class"])
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, data, 3)
    booster.save_model(folder / "model.txt")
    return folder / "model.txt"


def catboost_classifier(folder: Path, table: pd.DataFrame) -> Path:
    model = catboost.CatBoostClassifier(iterations=3, verbose=False, allow_writing_files=False)
    model.fit(table[NAMES], table["class"]).save_model(str(folder / "model.cbm"))
    return folder / "model.cbm"


def onnx_classifier(folder: Path, table: pd.DataFrame) -> Path:
    fitted = LogisticRegression().fit(table[NAMES].to_numpy(), table["class"])
    given = table[NAMES].to_numpy(dtype=np.float32)[:1]
    onnx = skl2onnx.to_onnx(fitted, given, options={"zipmap": False})
    (folder / "model.onnx").write_bytes(onnx.SerializeToString())
    return folder / "model.onnx"


CLASSIFIERS = [
    (sklearn_joblib, "predict_proba"),
    (sklearn_pickle_in_a_mapping, "predict_proba"),
    (sklearn_skops, "predict_proba"),
    (xgboost_classifier, "predict_proba"),
    (xgboost_booster, "predict"),
    (lightgbm_booster, "predict"),
    (catboost_classifier, "predict_proba"),
    (onnx_classifier, "run"),
]


@pytest.mark.parametrize(("save", "operation"), CLASSIFIERS)
def test_every_file_that_services_load_is_asked_for_probabilities(
    tmp_path: Path, frame: pd.DataFrame, save: Save, operation: str
) -> None:
    file = save(tmp_path, frame)
    rule, baseline = asked(tmp_path, frame[[*NAMES, "class"]], file, target="class")
    assert rule.match.path == f"*/model{file.suffix}"
    assert rule.output.kind is OutputKind.PROBABILITY
    assert (baseline.operation, baseline.rows) == (operation, ROWS)
    assert sum(baseline.values[0].total.counts) == ROWS
    assert sum(baseline.classes[0].total.values()) == ROWS
    assert len(rule.inputs) == 2


@pytest.mark.parametrize(
    ("save", "columns"), [(sklearn_joblib, NAMES), (lightgbm_booster, NAMES), (onnx_classifier, [0, 1])]
)
def test_columns_are_watched_by_name_or_by_place_as_the_model_is_given_them(
    tmp_path: Path, frame: pd.DataFrame, save: Save, columns: list[Any]
) -> None:
    rule, _ = asked(tmp_path, frame[[*NAMES, "class"]], save(tmp_path, frame), target="class")
    assert [watched.column for watched in rule.inputs] == columns


def test_a_regressor_has_scores(tmp_path: Path, frame: pd.DataFrame) -> None:
    joblib.dump(LinearRegression().fit(frame[NAMES], frame["spent"]), tmp_path / "model.joblib")
    rule, baseline = asked(tmp_path, frame, tmp_path / "model.joblib", target="spent")
    assert rule.output.kind is OutputKind.SCORE
    assert baseline.operation == "predict"
    assert baseline.values[0].total.sum == pytest.approx(frame["spent"].sum())


def test_an_outlier_detector_has_labels(tmp_path: Path, frame: pd.DataFrame) -> None:
    model = IsolationForest(n_estimators=5, random_state=1).fit(frame[NAMES])
    joblib.dump(model, tmp_path / "model.joblib")
    rule, baseline = asked(tmp_path, frame, tmp_path / "model.joblib")
    assert rule.output.kind is OutputKind.LABEL
    found, counted = np.unique(model.predict(frame[NAMES]), return_counts=True)
    assert baseline.classes[0].total == dict(zip(map(str, found.tolist()), counted.tolist(), strict=True))


def test_the_method_that_a_service_calls_can_be_named(tmp_path: Path, frame: pd.DataFrame) -> None:
    file = sklearn_joblib(tmp_path, frame)
    rule, baseline = asked(tmp_path, frame, file, operation="predict")
    assert (rule.output.kind, baseline.operation) == (OutputKind.LABEL, "predict")
    rule, baseline = asked(tmp_path, frame, file, operation="decision_function")
    assert (rule.output.kind, baseline.operation) == (OutputKind.SCORE, "decision_function")
    with pytest.raises(Failure, match="a LogisticRegression has no predict_all"):
        asked(tmp_path, frame, file, operation="predict_all")


def test_of_many_classes_the_most_frequent_have_a_distribution(tmp_path: Path, frame: pd.DataFrame) -> None:
    classes = [f"class {min(index % 40, 13)}" for index in range(ROWS)]
    model = GaussianNB().fit(frame[NAMES], classes)
    joblib.dump(model, tmp_path / "model.joblib")
    rule, baseline = asked(tmp_path, frame, tmp_path / "model.joblib")
    assert 0 < len(rule.output.classes) <= 10
    assert rule.output.classes[0] == "class 13"
    assert [values.name for values in baseline.values] == [
        name for name in model.classes_ if name in rule.output.classes
    ]


def test_text_is_given_as_the_model_wants_it(tmp_path: Path, frame: pd.DataFrame) -> None:
    table = frame.assign(city=np.resize(["Oslo", "Rome", "Nice"], ROWS))
    given = table[["age", "city"]].astype({"city": "category"})
    booster = lightgbm.train({"objective": "binary", "verbose": -1}, lightgbm.Dataset(given, table["class"]), 3)
    booster.save_model(tmp_path / "model.txt")
    rule, baseline = asked(tmp_path, table, tmp_path / "model.txt")
    assert baseline.values[0].total.sum == pytest.approx(np.sum(booster.predict(given)))
    assert set(rule.inputs[1].categories or ()) == {"Oslo", "Rome", "Nice"}


class Answering:
    """Of no framework; its instances can be pickled."""

    def predict(self, table: np.ndarray) -> Any:
        return table[:, 0]


def test_a_model_that_would_not_be_observed_is_said_to_be_none(tmp_path: Path, frame: pd.DataFrame) -> None:
    joblib.dump(Answering(), tmp_path / "model.joblib")
    with pytest.raises(Failure, match="nothing of it would be observed: decorate its method"):
        asked(tmp_path, frame.rename(columns=str), tmp_path / "model.joblib")


def test_a_model_that_refuses_the_rows_says_why(tmp_path: Path, frame: pd.DataFrame) -> None:
    joblib.dump(LogisticRegression().fit(frame[NAMES], frame["class"]), tmp_path / "model.joblib")
    holes = frame.assign(age=frame["age"].where(frame["age"] > 40))
    with pytest.raises(Failure, match="the model refuses the rows: ValueError: Input X contains NaN"):
        asked(tmp_path, holes, tmp_path / "model.joblib")


def test_a_table_of_another_width_is_refused(tmp_path: Path, frame: pd.DataFrame) -> None:
    joblib.dump(LogisticRegression().fit(frame[NAMES].to_numpy(), frame["class"]), tmp_path / "model.joblib")
    with pytest.raises(Failure, match=r"fitted on 2 columns without names, and data\.parquet has 3"):
        asked(tmp_path, frame, tmp_path / "model.joblib", target="class")


@pytest.mark.parametrize(
    ("name", "held", "message"),
    [
        ("model.h5", None, r"model\.h5 is no model that is known: its name should end with \.joblib, \.pkl"),
        ("model.joblib", None, r"there is no file .*model\.joblib"),
        ("model.pkl", b"garbage", r"model\.pkl cannot be loaded: "),
        ("model.pkl", pickle.dumps([1, 2]), r"model\.pkl holds a list with 0 models in it"),
        ("model.pkl", b"cno_such_module\nModel\n.", r"model\.pkl needs the module 'no_such_module'"),
    ],
)
def test_a_file_that_holds_no_model_is_named(
    tmp_path: Path, frame: pd.DataFrame, name: str, held: bytes | None, message: str
) -> None:
    if held is not None:
        (tmp_path / name).write_bytes(held)
    with pytest.raises(Failure, match=message):
        asked(tmp_path, frame, tmp_path / name)
