"""XGBoost, LightGBM and CatBoost: native boosters and estimators, whatever they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost
from attrs import frozen
from numpy.typing import NDArray

from tests.collected import Collected
from tests.conftest import Table

Model = Any
ROUNDS = 3


def xgb_booster(table: Table, **parameters: Any) -> xgboost.Booster:
    label = table.number if parameters["objective"].startswith("reg") else table.label
    return xgboost.train(parameters, xgboost.DMatrix(table.inputs, label), ROUNDS)


def lgb_booster(table: Table, **parameters: Any) -> lightgbm.Booster:
    label = table.number if parameters["objective"] == "regression" else table.label
    return lightgbm.train({**parameters, "verbose": -1}, lightgbm.Dataset(table.inputs, label), ROUNDS)


def xgb_predict(booster: xgboost.Booster, table: Table, **asked: Any) -> NDArray[Any]:
    return booster.predict(xgboost.DMatrix(table.inputs), **asked)


def xgb_in_place(booster: xgboost.Booster, table: Table, **asked: Any) -> NDArray[Any]:
    return booster.inplace_predict(table.inputs, **asked)


def predict(model: Model, table: Table, **asked: Any) -> NDArray[Any]:
    return model.predict(table.inputs, **asked)


def predict_proba(model: Model, table: Table, **asked: Any) -> NDArray[Any]:
    return model.predict_proba(table.inputs, **asked)


@frozen
class Case:
    """A model, how it is asked, and how many values, classes and confidences each row has."""

    make: Callable[[Table], Model]
    ask: Callable[[Model, Table], NDArray[Any]]
    values: int
    classes: int = 0
    confidences: int = 0


def fitted(estimator: Model, target: str = "label", **more: Any) -> Callable[[Table], Model]:
    return lambda table: estimator().fit(table.inputs, getattr(table, target), **more)


def quiet_lgb(kind: type) -> Callable[[], Model]:
    return lambda: kind(n_estimators=ROUNDS, verbose=-1)


def xgb(kind: type) -> Callable[[], Model]:
    return lambda: kind(n_estimators=ROUNDS)


QUICK = {"iterations": ROUNDS, "verbose": 0, "allow_writing_files": False}


def cat(kind: type) -> Callable[[], Model]:
    return lambda: kind(QUICK) if kind is catboost.CatBoost else kind(**QUICK)


def binary(table: Table) -> xgboost.Booster:
    return xgb_booster(table, objective="binary:logistic")


def lgb_binary(table: Table) -> lightgbm.Booster:
    return lgb_booster(table, objective="binary")


def softmax(kind: str) -> Callable[[Table], Model]:
    return lambda table: xgb_booster(table, objective=f"multi:{kind}", num_class=3)


CASES = {
    "xgboost booster, probabilities": Case(binary, xgb_predict, 1, 1, 1),
    "xgboost booster, in place": Case(binary, xgb_in_place, 1, 1, 1),
    "xgboost booster, margins": Case(binary, lambda m, t: xgb_predict(m, t, output_margin=True), 1),
    "xgboost booster, margins in place": Case(binary, lambda m, t: xgb_in_place(m, t, predict_type="margin"), 1),
    "xgboost booster, leaves": Case(binary, lambda m, t: xgb_predict(m, t, pred_leaf=True), 0),
    "xgboost booster, contributions": Case(binary, lambda m, t: xgb_predict(m, t, pred_contribs=True), 0),
    "xgboost booster, three classes": Case(softmax("softprob"), xgb_predict, 3, 1, 1),
    "xgboost booster, labels": Case(softmax("softmax"), xgb_predict, 0, 1),
    "xgboost booster, regression": Case(lambda t: xgb_booster(t, objective="reg:squarederror"), xgb_predict, 1),
    "xgboost classifier, labels": Case(fitted(xgb(xgboost.XGBClassifier)), predict, 0, 1),
    "xgboost classifier, probabilities": Case(fitted(xgb(xgboost.XGBClassifier)), predict_proba, 1, 1, 1),
    "xgboost classifier, margins": Case(
        fitted(xgb(xgboost.XGBClassifier)), lambda m, t: predict(m, t, output_margin=True), 1
    ),
    "xgboost regressor": Case(fitted(xgb(xgboost.XGBRegressor), "number"), predict, 1),
    "xgboost ranker": Case(
        lambda t: xgboost.XGBRanker(n_estimators=ROUNDS).fit(t.inputs, t.label, qid=np.arange(len(t)) // 10), predict, 1
    ),
    "lightgbm booster, probabilities": Case(lgb_binary, predict, 1, 1, 1),
    "lightgbm booster, raw scores": Case(lgb_binary, lambda m, t: predict(m, t, raw_score=True), 1),
    "lightgbm booster, leaves": Case(lgb_binary, lambda m, t: predict(m, t, pred_leaf=True), 0),
    "lightgbm booster, contributions": Case(lgb_binary, lambda m, t: predict(m, t, pred_contrib=True), 0),
    "lightgbm booster, three classes": Case(
        lambda t: lgb_booster(t, objective="multiclass", num_class=3), predict, 3, 1, 1
    ),
    "lightgbm booster, regression": Case(lambda t: lgb_booster(t, objective="regression"), predict, 1),
    "lightgbm classifier, labels": Case(fitted(quiet_lgb(lightgbm.LGBMClassifier)), predict, 0, 1),
    "lightgbm classifier, probabilities": Case(fitted(quiet_lgb(lightgbm.LGBMClassifier)), predict_proba, 1, 1, 1),
    "lightgbm classifier, raw scores": Case(
        fitted(quiet_lgb(lightgbm.LGBMClassifier)), lambda m, t: predict_proba(m, t, raw_score=True), 1
    ),
    "lightgbm regressor": Case(fitted(quiet_lgb(lightgbm.LGBMRegressor), "number"), predict, 1),
    "catboost classifier, labels": Case(fitted(cat(catboost.CatBoostClassifier)), predict, 0, 1),
    "catboost classifier, probabilities": Case(fitted(cat(catboost.CatBoostClassifier)), predict_proba, 1, 1, 1),
    "catboost classifier, probabilities by type": Case(
        fitted(cat(catboost.CatBoostClassifier)), lambda m, t: predict(m, t, prediction_type="Probability"), 1, 1, 1
    ),
    "catboost classifier, logarithms": Case(
        fitted(cat(catboost.CatBoostClassifier)), lambda m, t: m.predict_log_proba(t.inputs), 1, 1, 1
    ),
    "catboost classifier, raw values": Case(
        fitted(cat(catboost.CatBoostClassifier)), lambda m, t: predict(m, t, prediction_type="RawFormulaVal"), 1
    ),
    "catboost regressor": Case(fitted(cat(catboost.CatBoostRegressor), "number"), predict, 1),
    "catboost model, raw values": Case(fitted(cat(catboost.CatBoost), "number"), predict, 1),
    "catboost ranker": Case(fitted(cat(catboost.CatBoostRanker), group_id=np.repeat([0, 1], 60)), predict, 1),
    "lightgbm ranker": Case(fitted(quiet_lgb(lightgbm.LGBMRanker), group=[60, 60]), predict, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_one_call_is_one_record_of_what_was_asked_for(name: str, telemetry: Collected, table: Table) -> None:
    case = CASES[name]
    model = case.make(table)
    assert telemetry.points("ml.prediction.duration") == []
    answer = case.ask(model, table)
    (duration,) = telemetry.points("ml.prediction.duration")
    assert duration.count == 1
    assert telemetry.count("ml.prediction.value") == case.values * len(table)
    assert telemetry.count("ml.predictions") == case.classes * len(table)
    assert telemetry.count("ml.prediction.confidence") == case.confidences * len(table)
    if case.values == 1 and answer.ndim == 1:
        assert telemetry.total("ml.prediction.value") == pytest.approx(float(answer.sum()), rel=1e-5)
    (info,) = telemetry.points("ml.model.info")
    assert info.attributes["ml.framework"] == name.partition(" ")[0]


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_that_of_an_uninstrumented_model(
    name: str, instrument: Callable[..., Collected], table: Table
) -> None:
    case = CASES[name]
    model = case.make(table)
    expected = case.ask(model, table)
    instrument()
    np.testing.assert_array_equal(case.ask(model, table), expected)


def test_early_stopping_and_cross_validation_are_no_predictions(telemetry: Collected, table: Table) -> None:
    def error(predictions: NDArray[Any], data: Any) -> tuple[str, float]:
        return "error", float(np.mean((predictions > 0.5) != data.get_label()))

    data = xgboost.DMatrix(table.inputs, table.label)
    xgboost.train(
        {"objective": "binary:logistic"}, data, 5, evals=[(data, "train")], custom_metric=error,
        early_stopping_rounds=2, verbose_eval=False,
    )  # fmt: skip
    xgboost.cv({"objective": "binary:logistic"}, data, ROUNDS, nfold=2)
    xgboost.XGBClassifier(n_estimators=5, early_stopping_rounds=2).fit(
        table.inputs, table.label, eval_set=[(table.inputs, table.label)], verbose=False
    )
    lightgbm.LGBMClassifier(n_estimators=5, verbose=-1).fit(
        table.inputs, table.label, eval_set=[(table.inputs, table.label)], callbacks=[lightgbm.early_stopping(2)]
    )
    catboost.CatBoostClassifier(iterations=5, verbose=0, allow_writing_files=False).fit(
        table.inputs, table.label, eval_set=(table.inputs, table.label), early_stopping_rounds=2
    )
    assert telemetry.points("ml.prediction.duration") == []


def test_boosters_are_named_by_the_file_that_they_were_loaded_from(
    telemetry: Collected, table: Table, tmp_path: Path
) -> None:
    binary(table).save_model(tmp_path / "clicks.json")
    lgb_binary(table).save_model(tmp_path / "orders.txt")
    booster, estimator = xgboost.Booster(), xgboost.XGBClassifier()
    booster.load_model(tmp_path / "clicks.json")
    estimator.load_model(tmp_path / "clicks.json")
    xgb_in_place(booster, table)
    predict_proba(estimator, table)
    predict(lightgbm.Booster(model_file=tmp_path / "orders.txt"), table)
    fitted(cat(catboost.CatBoostClassifier))(table).save_model(tmp_path / "returns.cbm")
    loaded = catboost.CatBoostClassifier()
    loaded.load_model(tmp_path / "returns.cbm")
    predict(loaded, table)
    assert telemetry.counts_by("ml.prediction.duration", "ml.model.name") == {"clicks": 2, "orders": 1, "returns": 1}


def test_another_model_loaded_into_the_same_object_is_another_model(
    telemetry: Collected, table: Table, tmp_path: Path
) -> None:
    binary(table).save_model(tmp_path / "monday.json")
    softmax("softprob")(table).save_model(tmp_path / "tuesday.json")
    booster = xgboost.Booster()
    booster.load_model(tmp_path / "monday.json")
    for _ in range(3):
        booster.inplace_predict(table.inputs[:1])
    booster.load_model(tmp_path / "tuesday.json")
    for _ in range(2):
        booster.inplace_predict(table.inputs[:1])
    assert telemetry.counts_by("ml.prediction.duration", "ml.model.name") == {"monday": 3, "tuesday": 2}
    assert telemetry.count("ml.prediction.value", ml_model_name="tuesday") == 6


def test_an_own_subclass_of_an_estimator_is_read_as_its_library_means_it(telemetry: Collected, table: Table) -> None:
    class Own(xgboost.XGBClassifier):
        def predict(self, X: Any, **more: Any) -> Any:
            return super().predict(X, **more)

    Own(n_estimators=ROUNDS).fit(table.inputs, table.label).predict(table.inputs, output_margin=True)
    assert telemetry.count("ml.prediction.value") == len(table)
    assert telemetry.count("ml.prediction.duration") == 1


def test_an_only_object_of_catboost_is_one_row(telemetry: Collected, table: Table) -> None:
    model = fitted(cat(catboost.CatBoostClassifier))(table)
    for _ in range(3):
        model.predict_proba(table.inputs[0])
        model.predict(table.inputs[0])
    assert telemetry.count("ml.prediction.value") == 3
    assert telemetry.counts_by("ml.predictions", "ml.operation") == {"predict": 3, "predict_proba": 3}
