"""scikit-learn: every construction is one record of the outermost call, and training is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import sklearn
from attrs import frozen
from imblearn.ensemble import BalancedRandomForestClassifier
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from imblearn.under_sampling import InstanceHardnessThreshold, RandomUnderSampler
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_selection import RFECV
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor
from sklearn.neighbors import KernelDensity, KNeighborsClassifier, LocalOutlierFactor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, OneClassSVM

from tests.collected import Collected
from tests.conftest import Table


@frozen
class Case:
    """A model, which column of the table it learns, and what one call of each operation records a row."""

    make: Callable[[], BaseEstimator]
    target: str | None
    operations: tuple[str, ...]
    values: tuple[int, ...]
    classes: tuple[int, ...]


def classifier(make: Callable[[], BaseEstimator]) -> Case:
    return Case(make, "label", ("predict", "predict_proba"), values=(0, 1), classes=(1, 1))


def scorer(make: Callable[[], BaseEstimator]) -> Case:
    return Case(make, "label", ("predict", "decision_function"), values=(0, 1), classes=(1, 0))


def regressor(make: Callable[[], BaseEstimator]) -> Case:
    return Case(make, "number", ("predict",), values=(1,), classes=(0,))


LOGISTIC = LogisticRegression

CASES = {
    "linear classifier": classifier(LOGISTIC),
    "linear classifier's decision": scorer(LOGISTIC),
    "forest with n_jobs=2": classifier(lambda: RandomForestClassifier(20, n_jobs=2)),
    "forest regressor with n_jobs=2": regressor(lambda: RandomForestRegressor(20, n_jobs=2)),
    "boosting": classifier(lambda: HistGradientBoostingClassifier(max_iter=5)),
    "boosting regressor": regressor(lambda: GradientBoostingRegressor(n_estimators=5)),
    "adaboost": classifier(lambda: AdaBoostClassifier(n_estimators=5)),
    "bagging with n_jobs=2": classifier(lambda: BaggingClassifier(LOGISTIC(), n_estimators=4, n_jobs=2)),
    "voting": classifier(lambda: VotingClassifier([("a", LOGISTIC()), ("b", KNeighborsClassifier())], voting="soft")),
    "voting regressor": regressor(lambda: VotingRegressor([("a", LinearRegression()), ("b", Ridge())])),
    "stacking": classifier(lambda: StackingClassifier([("a", LOGISTIC()), ("b", KNeighborsClassifier())], n_jobs=2)),
    "calibrated": classifier(lambda: CalibratedClassifierCV(SGDClassifier(), cv=3)),
    "pipeline": classifier(lambda: make_pipeline(StandardScaler(), LOGISTIC())),
    "pipeline in a pipeline": classifier(lambda: make_pipeline(StandardScaler(), make_pipeline(LOGISTIC()))),
    "grid search": classifier(lambda: GridSearchCV(LOGISTIC(), {"C": [0.1, 1.0]}, cv=3)),
    "randomized search of a pipeline": classifier(
        lambda: RandomizedSearchCV(
            make_pipeline(StandardScaler(), LOGISTIC()), {"logisticregression__C": [0.1, 1.0]}, n_iter=2, cv=3
        )
    ),
    "halving search": classifier(lambda: HalvingGridSearchCV(LOGISTIC(), {"C": [0.1, 1.0]}, cv=2)),
    "imbalanced pipeline": classifier(
        lambda: make_imbalanced_pipeline(StandardScaler(), RandomUnderSampler(), LOGISTIC())
    ),
    "balanced forest": classifier(lambda: BalancedRandomForestClassifier(10, n_jobs=2)),
    "feature elimination": classifier(lambda: RFECV(LOGISTIC(), cv=3)),
    "one versus rest": Case(
        lambda: OneVsRestClassifier(LOGISTIC()), "label", ("predict", "predict_proba"), (0, 1), (1, 1)
    ),
    "support vectors": scorer(SVC),
    "neural network": classifier(lambda: MLPClassifier((4,), max_iter=20)),
    "transformed target": regressor(lambda: TransformedTargetRegressor(LinearRegression())),
    "multi-output classifier": Case(
        lambda: MultiOutputClassifier(LOGISTIC(), n_jobs=2), "labels", ("predict", "predict_proba"), (0, 2), (2, 2)
    ),
    "multi-output forest": Case(
        lambda: RandomForestClassifier(10, n_jobs=2), "labels", ("predict", "predict_proba"), (0, 2), (2, 2)
    ),
    "multi-output regressor": Case(
        lambda: MultiOutputRegressor(Ridge(), n_jobs=2), "labels", ("predict",), values=(2,), classes=(0,)
    ),
    "classifier chain": Case(
        lambda: ClassifierChain(LOGISTIC()), "labels", ("predict", "predict_proba"), (0, 2), (2, 0)
    ),
    "clusters": Case(lambda: KMeans(3, n_init=1), None, ("predict",), values=(0,), classes=(1,)),
    "clusters by mini-batch": Case(lambda: MiniBatchKMeans(3, n_init=1), None, ("predict",), (0,), (1,)),
    "mixture": Case(
        lambda: GaussianMixture(2), None, ("predict", "predict_proba", "score_samples"), (0, 1, 1), (1, 1, 0)
    ),
    "density": Case(KernelDensity, None, ("score_samples",), values=(1,), classes=(0,)),
    "isolation forest with n_jobs=2": Case(
        lambda: IsolationForest(n_estimators=10, n_jobs=2),
        None,
        ("predict", "decision_function", "score_samples"),
        (0, 1, 1),
        (1, 0, 0),
    ),
    "one-class support vectors": Case(OneClassSVM, None, ("predict", "decision_function"), (0, 1), (1, 0)),
    "elliptic envelope": Case(EllipticEnvelope, None, ("predict", "score_samples"), (0, 1), (1, 0)),
    "local outlier factor": Case(lambda: LocalOutlierFactor(novelty=True), None, ("predict",), (0,), (1,)),
}


if sklearn.__version__ >= "1.5":
    from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

    CASES["tuned threshold"] = classifier(lambda: TunedThresholdClassifierCV(LOGISTIC(), cv=2))
    CASES["fixed threshold"] = classifier(lambda: FixedThresholdClassifier(LOGISTIC(), threshold=0.3))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", CASES)
def test_a_construction_is_one_record_of_the_outermost_call(name: str, telemetry: Collected, table: Table) -> None:
    case = CASES[name]
    model = case.make()
    target = None if case.target is None else getattr(table, case.target)
    model.fit(table.inputs) if target is None else model.fit(table.inputs, target)
    assert telemetry.points("ml.prediction.duration") == []

    for operation, values, classes in zip(case.operations, case.values, case.classes, strict=True):
        getattr(model, operation)(table.inputs)
        assert telemetry.count("ml.prediction.duration", ml_operation=operation) == 1
        assert telemetry.total("ml.prediction.batch.size", ml_operation=operation) == len(table)
        assert telemetry.count("ml.prediction.value", ml_operation=operation) == values * len(table)
        assert telemetry.count("ml.predictions", ml_operation=operation) == classes * len(table)
    assert telemetry.count("ml.prediction.duration") == len(case.operations)
    assert set(telemetry.counts_by("ml.prediction.duration", "ml.model.name")) == {type(model).__name__}


TRAINING: dict[str, Callable[[Table], object]] = {
    "fit": lambda table: LOGISTIC().fit(table.inputs, table.label),
    "score": lambda table: LOGISTIC().fit(table.inputs, table.label).score(table.inputs, table.label),
    "grid search": lambda table: GridSearchCV(LOGISTIC(), {"C": [1, 2]}, cv=2).fit(table.inputs, table.label),
    "parallel search": lambda table: GridSearchCV(
        RandomForestClassifier(5, n_jobs=2), {"max_depth": [1, 2]}, cv=2, n_jobs=2
    ).fit(table.inputs, table.label),
    "cross_val_score": lambda table: cross_val_score(LOGISTIC(), table.inputs, table.label, cv=2),
    "cross_val_predict": lambda table: cross_val_predict(LOGISTIC(), table.inputs, table.label, cv=2),
    "stacking": lambda table: StackingClassifier([("a", LOGISTIC())], n_jobs=2).fit(table.inputs, table.label),
    "stacking's transform": lambda table: (
        StackingClassifier([("a", LOGISTIC())]).fit(table.inputs, table.label).transform(table.inputs)
    ),
    "early stopping": lambda table: HistGradientBoostingClassifier(early_stopping=True, max_iter=5).fit(
        table.inputs, table.label
    ),
    "partial fit": lambda table: SGDClassifier().partial_fit(table.inputs, table.label, classes=[0, 1]),
    "fit_predict": lambda table: KMeans(2, n_init=1).fit_predict(table.inputs),
    "outlier fit_predict": lambda table: IsolationForest(n_estimators=5).fit_predict(table.inputs),
    "halving search": lambda table: HalvingGridSearchCV(LOGISTIC(), {"C": [0.1, 1.0]}, cv=2).fit(
        table.inputs, table.label
    ),
    "resampling": lambda table: InstanceHardnessThreshold(estimator=LOGISTIC(), cv=2).fit_resample(
        table.inputs, table.label
    ),
    "calibration": lambda table: CalibratedClassifierCV(SGDClassifier(), cv=2).fit(table.inputs, table.label),
}

if "tuned threshold" in CASES:
    TRAINING["tuned threshold"] = lambda table: CASES["tuned threshold"].make().fit(table.inputs, table.label)


@pytest.mark.parametrize("name", TRAINING)
def test_training_and_evaluation_are_no_predictions(name: str, telemetry: Collected, table: Table) -> None:
    TRAINING[name](table)
    assert telemetry.points("ml.prediction.duration") == []


class DefinedBefore(ClassifierMixin, BaseEstimator):
    def fit(self, inputs: object, label: object) -> DefinedBefore:
        self.classes_ = np.array(["no", "yes"])
        return self

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        return np.array(["yes"] * len(inputs))


def test_own_subclasses_count_whether_defined_before_or_after(telemetry: Collected, table: Table) -> None:
    class DefinedAfter(DefinedBefore):
        def predict(self, inputs: np.ndarray) -> np.ndarray:
            return super().predict(inputs)

    for kind in (DefinedBefore, DefinedAfter):
        kind().fit(table.inputs, table.label).predict(table.inputs)
        assert telemetry.count("ml.prediction.duration", ml_model_name=kind.__name__) == 1
    assert telemetry.counts_by("ml.predictions", "ml.prediction.class") == {"yes": 2 * len(table)}


def test_a_method_that_only_some_pipelines_have_stays_absent_on_the_others(telemetry: Collected, table: Table) -> None:
    assert not hasattr(make_pipeline(StandardScaler(), LinearRegression()), "predict_proba")
    assert hasattr(make_pipeline(StandardScaler(), LOGISTIC()).fit(table.inputs, table.label), "predict_proba")


def test_two_classes_give_the_positive_class_and_more_give_each_by_name(telemetry: Collected, table: Table) -> None:
    two = LOGISTIC().fit(table.inputs, table.label)
    expected = two.predict_proba(table.inputs)
    (point,) = telemetry.points("ml.prediction.value")
    assert "ml.output.name" not in point.attributes
    assert point.sum == pytest.approx(expected[:, 1].sum())
    assert telemetry.total("ml.prediction.confidence") == pytest.approx(expected.max(axis=1).sum())

    names = np.array(["early", "late", "never"])[np.arange(len(table)) % 3]
    three = RandomForestClassifier(5).fit(table.inputs, names)
    answer = three.predict_proba(table.inputs)
    forest = {"ml_model_name": "RandomForestClassifier"}
    for index, name in enumerate(three.classes_):
        assert telemetry.total("ml.prediction.value", ml_output_name=name, **forest) == pytest.approx(
            answer[:, index].sum()
        )
        winners = int((answer.argmax(axis=1) == index).sum())
        assert telemetry.count("ml.predictions", ml_prediction_class=name, **forest) == winners


def test_log_probabilities_are_recorded_as_probabilities(telemetry: Collected, table: Table) -> None:
    model = LOGISTIC().fit(table.inputs, table.label)
    model.predict_log_proba(table.inputs)
    (point,) = telemetry.points("ml.prediction.value")
    assert 0 <= point.least <= point.most <= 1
