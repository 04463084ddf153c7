"""MLflow: models that are loaded by every kind of address, as Python functions and as their library's own objects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from attrs import define
from mlflow.models import infer_signature
from opentelemetry import trace
from packaging.version import Version
from sklearn.linear_model import LinearRegression, LogisticRegression
from xgboost import XGBClassifier

from otel_mlmon.config.schema import Configuration, Match, ModelRule, Output, OutputKind, Segments
from tests.collected import Collected
from tests.contract.test_process import CLEAN, EXPORTERS, metrics_of
from tests.frameworks.contract import (
    Case,
    FrameworkContract,
    Recorded,
    assert_numbers,
    count,
    counted,
    of_labels,
    of_scores,
    of_two,
)

INPUTS = pd.DataFrame(np.random.default_rng(3).normal(size=(40, 3)), columns=["income", "age", "debt"])
IS_LATE = (INPUTS["income"] + INPUTS["debt"] > 0).to_numpy()
ROWS, WRONG = INPUTS[:7], INPUTS[["age"]]
IS_OF_3 = not mlflow.__version__.startswith("2.")

Classifier = LogisticRegression().fit(INPUTS, IS_LATE.astype(int))
Regressor = LinearRegression().fit(INPUTS, INPUTS["income"] * 3.0)


class Mixed(mlflow.pyfunc.PythonModel):
    """Answers with columns of several kinds, by a model of scikit-learn."""

    def __init__(self) -> None:
        self.model = LogisticRegression().fit(INPUTS, IS_LATE)

    def predict(self, context, model_input, params=None):
        risk = self.model.predict_proba(model_input)[:, 1]
        floor = (params or {}).get("floor", 0.0)
        return pd.DataFrame({"risk": np.maximum(risk, floor), "grade": (risk * 3).astype(int), "why": "free text"})


class Talker(mlflow.pyfunc.PythonModel):
    """Answers with text, at once or in pieces."""

    def predict(self, context, model_input, params=None):
        return [f"a secret {number}" for number in range(len(model_input))]

    def predict_stream(self, context, model_input, params=None):
        yield from ("a ", "secret ", "of five ", "pieces", ".")


class Traced(mlflow.pyfunc.PythonModel):
    """Traces itself by MLflow."""

    def predict(self, context, model_input, params=None):
        with mlflow.start_span("inside the model"):
            return np.zeros(len(model_input))


class Answers(mlflow.pyfunc.PythonModel):
    """Answers with what it was made with."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict(self, context, model_input, params=None):
        return self.answer


def save(flavour: str, model: Any, path: Path, **options: Any) -> Path:
    """Save a model; naming what it needs spares MLflow a process that finds out."""
    parameters = {
        "keras": "model",
        "lightgbm": "lgb_model",
        "pyfunc": "python_model",
        "pytorch": "pytorch_model",
        "sklearn": "sk_model",
        "tensorflow": "model",
        "xgboost": "xgb_model",
    }
    getattr(mlflow, flavour).save_model(
        path=str(path), pip_requirements=["mlflow"], **{parameters[flavour]: model}, **options
    )
    return path


def saved(flavour: str, model: Any, **options: Any) -> Callable[[Path], Any]:
    """Return a loader of a model that is saved in a folder of its own."""
    return lambda folder: mlflow.pyfunc.load_model(str(save(flavour, model, folder / "late-orders", **options)))


@define
class Registry:
    """A tracking server's data base, in which two versions of one model are registered."""

    run_id: str = ""
    model_uris: tuple[str, ...] = ()


REGISTRY = Registry()


@pytest.fixture(scope="module", autouse=True)
def _registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("registry")
    before = Path.cwd(), mlflow.get_tracking_uri()
    os.chdir(folder)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    names: dict[str, Any] = {"name": "late-model"} if IS_OF_3 else {"artifact_path": "late-model"}
    uris = []
    for model in (Classifier, Regressor):
        with mlflow.start_run() as run:
            logged = mlflow.sklearn.log_model(
                model, registered_model_name="Late", pip_requirements=["mlflow"], signature=None, **names
            )
        uris.append(logged.model_uri)
    REGISTRY.run_id, REGISTRY.model_uris = run.info.run_id, tuple(uris)
    move_alias(2)
    yield
    os.chdir(before[0])
    mlflow.set_tracking_uri(before[1])


def move_alias(version: int) -> None:
    mlflow.MlflowClient().set_registered_model_alias("Late", "live", version)


def loaded_from(address: Callable[[], str]) -> Callable[[Path], Any]:
    return lambda _folder: mlflow.pyfunc.load_model(address())


def ask(model: Any) -> Any:
    return model.predict(ROWS)


def fail(model: Any) -> Any:
    return model.predict(WRONG)


def of_mixed(answer: pd.DataFrame) -> Recorded:
    return Recorded(len(answer), {"risk": answer["risk"]}, {"grade": answer["grade"]})


def of_rows(answer: Any) -> Recorded:
    return Recorded(len(answer))


def of_pieces(answer: list[str]) -> Recorded:
    return Recorded(1, results=[len(answer)])


BY_ADDRESS = {
    "by version": (lambda: "models:/Late/2", "Late", "2"),
    "by alias": (lambda: "models:/Late@live", "Late", "2"),
    "by stage": (lambda: "models:/Late/latest", "Late", "2"),
    "by run": (lambda: f"runs:/{REGISTRY.run_id}/late-model", "late-model", None),
}
if IS_OF_3:
    BY_ADDRESS["by identifier"] = (lambda: REGISTRY.model_uris[1], "late-model", None)


def evaluate(_folder: Path) -> None:
    data = ROWS.assign(late=IS_LATE[:7].astype(int))
    options = {"targets": "late", "model_type": "classifier", "evaluator_config": {"log_explainer": False}}
    result = mlflow.models.evaluate("models:/Late/1", data, **options)
    assert "accuracy_score" in result.metrics


class TestMlflow(FrameworkContract):
    adapter = "mlflow"
    cases = {
        "classifier": Case(
            saved("sklearn", Classifier, signature=infer_signature(ROWS, Classifier.predict(ROWS))),
            *(ask, of_labels, "late-orders", "predict", fail),
        ),
        "classifier of words": Case(
            saved("sklearn", LogisticRegression().fit(INPUTS, np.where(IS_LATE, "late", "punctual"))),
            *(ask, of_labels, "late-orders", "predict", fail),
        ),
        "classifier by its probabilities": Case(
            saved("sklearn", Classifier, pyfunc_predict_fn="predict_proba"),
            *(ask, of_two, "late-orders", "predict", fail),
        ),
        "regressor": Case(saved("sklearn", Regressor), ask, of_scores, "late-orders", "predict", fail),
        "gradient boosting": Case(
            saved("xgboost", XGBClassifier(n_estimators=3).fit(INPUTS, IS_LATE)),
            *(ask, of_labels, "late-orders", "predict", fail),
        ),
        "own code": Case(saved("pyfunc", Mixed()), ask, of_mixed, "late-orders", "predict", fail),
        "own code that answers with text": Case(
            saved("pyfunc", Talker()), ask, of_rows, "late-orders", "predict", None
        ),
        "own code that answers with a list": Case(
            saved("pyfunc", Answers([0.5, 1.5])), ask, of_scores, "late-orders", "predict", None
        ),
        "own code that answers with records": Case(
            saved("pyfunc", Answers([{"id": 7, "text": "a"}] * 3)), ask, of_rows, "late-orders", "predict", None
        ),
        "own code that answers with arrays by name": Case(
            saved("pyfunc", Answers({"a": np.array([1.0, 2.0]), "b": np.array([True, False]), "id": 12345})),
            ask,
            lambda answer: Recorded(2, {"a": answer["a"]}, {"b": answer["b"]}),
            *("late-orders", "predict", None),
        ),
        "own code that answers with one dict": Case(
            saved("pyfunc", Answers({"id": 12345, "choices": [{"text": "a secret"}]})),
            *(ask, lambda _answer: Recorded(1), "late-orders", "predict", None),
        ),
        "stream": Case(
            saved("pyfunc", Talker(), streamable=True),
            lambda model: list(model.predict_stream("a question")),
            *(of_pieces, "late-orders", "predict_stream", None),
        ),
        **{
            kind: Case(loaded_from(address), ask, of_scores, name, "predict", fail, version)
            for kind, (address, name, version) in BY_ADDRESS.items()
        },
    }
    training = {"evaluation": evaluate}


@pytest.mark.parametrize("kind", BY_ADDRESS)
def test_a_model_that_its_flavour_loads_is_named_by_its_address(kind: str, telemetry: Collected) -> None:
    address, name, version = BY_ADDRESS[kind]
    model = mlflow.sklearn.load_model(address())
    model.predict(ROWS)
    (info,) = telemetry.points("ml.model.info")
    assert info.attributes["ml.framework"] == "sklearn"
    assert info.attributes["ml.model.name"] == name
    assert info.attributes.get("ml.model.version") == version
    assert info.attributes["ml.model.run.id"] == REGISTRY.run_id


@pytest.mark.parametrize("kind", BY_ADDRESS)
def test_a_python_function_knows_the_run_that_made_it(kind: str, telemetry: Collected) -> None:
    model = mlflow.pyfunc.load_model(model_uri=BY_ADDRESS[kind][0]())
    model.predict(ROWS)
    (info,) = telemetry.points("ml.model.info")
    assert info.attributes["ml.model.run.id"] == REGISTRY.run_id


def lightgbm_model() -> tuple[str, Any, Callable[[Any], Any]]:
    import lightgbm

    model = lightgbm.LGBMRegressor(n_estimators=3, verbose=-1).fit(INPUTS, INPUTS["income"])
    return "lightgbm", model, lambda loaded: loaded.predict(ROWS)


def torch_model() -> tuple[str, Any, Callable[[Any], Any]]:
    import torch

    def call(loaded: Any) -> Any:
        with torch.inference_mode():
            return loaded.eval()(torch.from_numpy(ROWS.to_numpy(np.float32)))

    return "pytorch", torch.nn.Sequential(torch.nn.Linear(3, 1)), call


def keras_model(flavour: str) -> Callable[[], tuple[str, Any, Callable[[Any], Any]]]:
    def make() -> tuple[str, Any, Callable[[Any], Any]]:
        import keras

        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        return flavour, model, lambda loaded: loaded.predict(ROWS.to_numpy(), verbose=0)

    return make


@pytest.mark.parametrize(
    ("make", "framework"),
    [
        (lightgbm_model, "lightgbm"),
        (torch_model, "torch"),
        (keras_model("keras"), "keras"),
        (keras_model("tensorflow"), "keras"),
    ],
    ids=["lightgbm", "pytorch", "keras", "tensorflow"],
)
def test_a_model_is_called_the_same_by_itself_and_as_a_python_function(
    make: Callable[[], tuple[str, Any, Callable[[Any], Any]]], framework: str, telemetry: Collected, tmp_path: Path
) -> None:
    flavour, model, call = make()
    options: dict[str, Any] = {"signature": infer_signature(ROWS.to_numpy(np.float32))}
    if flavour == "pytorch":
        options["serialization_format"] = "pickle"
    path = save(flavour, model, tmp_path / "late-orders", **options)
    assert telemetry.points("ml.prediction.duration") == []
    itself, function = getattr(mlflow, flavour).load_model(str(path)), mlflow.pyfunc.load_model(str(path))
    call(itself)
    function.predict(ROWS.to_numpy(np.float32))
    assert telemetry.counts_by("ml.prediction.duration", "ml.model.name") == {"late-orders": 2}
    found = {info.attributes["ml.framework"] for info in telemetry.points("ml.model.info")}
    assert found == {framework, "mlflow"}


def test_a_downloaded_version_is_known_by_the_note_beside_it(telemetry: Collected, tmp_path: Path) -> None:
    folder = mlflow.artifacts.download_artifacts("models:/Late/1", dst_path=str(tmp_path))
    model = mlflow.pyfunc.load_model(Path(folder).as_uri())
    model.predict(ROWS)
    (info,) = telemetry.points("ml.model.info")
    assert (info.attributes["ml.model.name"], info.attributes["ml.model.version"]) == ("Late", "1")


def test_a_folder_whose_name_says_nothing_does_not_name_the_model(telemetry: Collected, tmp_path: Path) -> None:
    model = mlflow.pyfunc.load_model(str(save("sklearn", Regressor, tmp_path / "artifacts")))
    with TemporaryDirectory() as by_chance:
        another = mlflow.pyfunc.load_model(shutil.copytree(tmp_path / "artifacts", by_chance, dirs_exist_ok=True))
    for one in (model, another):
        one.predict(ROWS)
    assert telemetry.counts_by("ml.prediction.duration", "ml.model.name") == {"PyFuncModel": 2}


def test_after_a_hot_swap_each_object_reports_its_own_version(telemetry: Collected) -> None:
    move_alias(1)
    old = mlflow.pyfunc.load_model("models:/Late@live")
    old.predict(ROWS)
    move_alias(2)
    new = mlflow.pyfunc.load_model("models:/Late@live")
    for model in (old, new, new, old):
        model.predict(ROWS)
    assert telemetry.counts_by("ml.prediction.duration", "ml.model.version") == {"1": 3, "2": 2}


def test_the_object_inside_is_called_as_the_model_when_it_is_called_by_itself(telemetry: Collected) -> None:
    mlflow.pyfunc.load_model("models:/Late/1").get_raw_model().predict_proba(ROWS)
    (duration,) = telemetry.points("ml.prediction.duration")
    assert (duration.attributes["ml.model.name"], duration.attributes["ml.model.version"]) == ("Late", "1")


def test_parameters_reach_the_model(telemetry: Collected, tmp_path: Path) -> None:
    signature = infer_signature(ROWS, params={"floor": 0.0})
    model = saved("pyfunc", Mixed(), signature=signature)(tmp_path)
    answer = model.predict(ROWS, params={"floor": 2.0})
    assert telemetry.total("ml.prediction.value") == answer["risk"].sum() == 14.0


def test_a_column_of_the_inputs_cuts_into_segments(instrument: Callable[..., Collected], tmp_path: Path) -> None:
    rule = ModelRule(match=Match(framework="mlflow"), segments=Segments(columns=("age",)))
    collected = instrument(Configuration(models=(rule,)))
    model = saved("sklearn", Regressor)(tmp_path)
    model.predict(ROWS.assign(age=[1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0]))
    assert collected.counts_by("ml.prediction.value", "ml.segment.age") == {"1": 3, "2": 4}


@pytest.mark.parametrize(
    ("kind", "answer", "recorded"),
    [
        (None, ["spam", "ham"], Recorded(2)),
        (OutputKind.LABEL, ["spam", "ham"], of_labels(["spam", "ham"])),
        (None, [3, 4], of_labels([3, 4])),
        (OutputKind.SCORE, [3, 4], of_scores([3, 4])),
    ],
)
def test_what_own_code_answers_with_is_read_as_configured(
    kind: OutputKind | None,
    answer: list[object],
    recorded: Recorded,
    instrument: Callable[..., Collected],
    tmp_path: Path,
) -> None:
    rule = ModelRule(match=Match(framework="mlflow"), output=Output(kind=kind))
    collected = instrument(Configuration(models=(rule,)))
    saved("pyfunc", Answers(answer))(tmp_path).predict(ROWS)
    assert collected.total("ml.prediction.batch.size") == recorded.rows
    assert_numbers(collected.points("ml.prediction.value"), recorded.values)
    assert counted(collected.points("ml.predictions")) == count(recorded.classes)


TRAINING = """
import mlflow, numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
inputs = pd.DataFrame(np.random.default_rng(3).normal(size=(40, 2)), columns=["a", "b"])
label = (inputs["a"] > 0).astype(int)
mlflow.sklearn.autolog(log_input_examples=True, extra_tags={})
with mlflow.start_run():
    model = LogisticRegression().fit(inputs, label)
mlflow.sklearn.autolog(disable=True)
options = dict(input_example=inputs[:2], pip_requirements=["scikit-learn"])
with mlflow.start_run():
    uri = mlflow.sklearn.log_model(model, artifact_path="late", **options).model_uri

class Own(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model.predict(model_input)

with mlflow.start_run():
    mlflow.pyfunc.log_model(python_model=Own(), artifact_path="own", **options)
mlflow.pyfunc.load_model(uri).predict(inputs[:5])
"""


def test_of_a_script_that_trains_and_logs_only_its_own_call_is_a_prediction(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("opentelemetry-instrument"), sys.executable, "-c", TRAINING],
        env={
            **CLEAN,
            **EXPORTERS,
            "HOME": str(tmp_path),
            "MLFLOW_TRACKING_URI": mlflow.get_tracking_uri(),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            # Of the process in which MLflow finds out what a model needs.
            "MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = metrics_of(done.stdout)
    (duration,) = found["ml.prediction.duration"]
    assert (duration["count"], duration["attributes"]["ml.operation"]) == (1, "predict")
    (size,) = found["ml.prediction.batch.size"]
    assert size["sum"] == 5


@pytest.mark.skipif(
    Version(mlflow.__version__) < Version("3.8"), reason="its spans stand in the context of everybody's"
)
@pytest.mark.parametrize("spans", ["child", "off"])
def test_spans_of_mlflow_and_of_ours_go_their_own_ways(
    spans: str, instrument: Callable[..., Collected], tmp_path: Path
) -> None:
    collected = instrument(spans=spans)
    model = saved("pyfunc", Traced())(tmp_path)
    provider = trace.get_tracer_provider()
    with mlflow.start_span("request"):
        model.predict(ROWS)
    assert trace.get_tracer_provider() is provider
    assert [(span.name, span.parent) for span in collected.spans()] == [("predict late-orders", None)][
        : spans == "child"
    ]
    mlflow.flush_trace_async_logging()
    last = mlflow.get_trace(mlflow.get_last_active_trace_id())
    request, inner = sorted(last.data.spans, key=lambda span: span.start_time_ns)
    assert (request.name, request.parent_id) == ("request", None)
    assert (inner.name, inner.parent_id) == ("inside the model", request.span_id)
