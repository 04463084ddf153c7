"""MLflow (2.16 and later): models of any flavour that are called as Python functions, and where models are from.

A model that a flavour loads as its library's own object is observed by that library's adapter; what it is called is
known here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import unquote, urlsplit

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, Origin, Task, argument, first_argument
from otel_mlmon.observe.answers import (
    Answer,
    Labels,
    LogProbabilities,
    Named,
    OneOutput,
    Probabilities,
    Results,
    RowsOnly,
    Scores,
)

FLAVOURS = (
    *("catboost", "h2o", "keras", "lightgbm", "onnx", "paddle", "pmdarima", "prophet", "pytorch"),
    *("sentence_transformers", "sklearn", "spacy", "statsmodels", "tensorflow", "transformers", "xgboost"),
)
LOGS_FITTED_MODELS = ("lightgbm", "sklearn", "tensorflow", "xgboost")

LABELS_ARE_CLASSES = {f"mlflow.{flavour}" for flavour in ("catboost", "h2o", "lightgbm", "onnx", "sklearn", "xgboost")}
NUMBERS, TEXT = frozenset("biuf"), frozenset("OSTU")
"""Numpy's letters for them."""

CLASSIFYING_TASKS = {"audio-classification", "image-classification", "text-classification"}
"""Of transformers' pipelines. The text that any other model answers with may be anything, and stays here."""


def task(instance: Any) -> Task:
    """Tell by the signature's only output: whole numbers and text are classes."""
    schema = instance.metadata.get_output_schema()
    kinds = [getattr(output.type, "name", "") for output in schema.inputs] if schema is not None else []
    if len(kinds) != 1:
        return Task.UNKNOWN
    if kinds[0].startswith(("float", "double")):
        return Task.REGRESSION
    return Task.CLASSIFICATION if kinds[0].startswith(("bool", "int", "long", "uint", "string")) else Task.UNKNOWN


def answer(call: Call) -> Answer | None:
    """``predict``: as the function says that the model was saved with, else by the types of what is answered."""
    function = call.instance.metadata.flavors["python_function"].get("predict_fn", "predict")
    if function in {"predict_proba", "predict_log_proba"}:
        read = Probabilities if function == "predict_proba" else LogProbabilities
        (raw,) = raw_model(call.instance) or (None,)
        return read(call.answer, getattr(raw, "classes_", None))
    if isinstance(call.answer, sys.modules["pandas"].DataFrame):
        return _columns(call, {str(name): call.answer[name] for name in call.answer.columns})
    if isinstance(call.answer, dict):
        arrays = {name: value for name, value in call.answer.items() if getattr(value, "ndim", 0)}
        return _columns(call, arrays) if arrays else RowsOnly(1)
    return _one(call, call.answer, call.task) or RowsOnly(_rows(call.answer))


def chunks(call: Call) -> Answer:
    """``predict_stream``: how many chunks there were; what they say is text."""
    return Results([call.answer.pieces])


def origin(instance: Any) -> Origin:
    """Return the run that made a model."""
    return Origin(run_id=instance.metadata.run_id)


def raw_model(instance: Any) -> Iterable[Any]:
    """Return the library's own object inside, which may also be called by itself; empty where there is none."""
    return (instance.get_raw_model(),) if hasattr(instance._model_impl, "get_raw_model") else ()


def folder(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Path | None:
    """Return the folder that a model is loaded from; None where it is from elsewhere, or in a folder of no name."""
    path = _folder(_uri(args, kwargs))
    return path if path is not None and _folder_name(path) else None


def told(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Origin | None:
    """Return what the address says: of a registered model name and version, of a run's the run, else the last part."""
    uri = _uri(args, kwargs).rstrip("/")
    path, parts = _folder(uri), urlsplit(uri)
    if path is not None:
        return _of_folder(path)
    steps = [unquote(step) for step in parts.path.split("/") if step]
    if parts.scheme == "models" and len(steps) == 1 and "@" not in steps[0]:
        return Origin()
    if parts.scheme == "models":
        version = steps[1] if len(steps) > 1 and steps[1].isdigit() else None
        return Origin(name=steps[0].rpartition("@")[0] or steps[0], version=version)
    run_id = steps[0] if parts.scheme == "runs" and steps else None
    return Origin(name=_folder_name(Path(*steps)), run_id=run_id)


def registered(repository: Any, path: str) -> Origin:
    """Return the name and the version that an address of the registry stood for, and the run that made that."""
    # Not every repository is one of registered models, and not every address there one of such a model.
    name, version = getattr(repository, "model_name", None), getattr(repository, "model_version", None)
    return Origin(name, None if version is None else str(version), run_id=_run_of(Path(path)))


def logged(_client: Any, model: Any) -> Origin:
    """Return name and run of a model that is known by its identifier."""
    return Origin(name=model.name, run_id=model.source_run_id)


def _of_folder(path: Path) -> Origin:
    # Who downloads a registered model leaves a note beside it, and so does `mlflow models serve`.
    note = _read(path / "registered_model_meta")
    if note.get("model_name"):
        return Origin(note["model_name"], str(note["model_version"]), run_id=_run_of(path))
    return Origin(_folder_name(path), run_id=_run_of(path))


def _folder(uri: str) -> Path | None:
    parts = urlsplit(uri)
    path = Path(unquote(parts.path) if parts.scheme == "file" else uri)
    return path.absolute() if path.is_dir() else None


def _folder_name(path: Path) -> str | None:
    # The tracking server keeps each model in a folder called artifacts, and downloads are in one with a name by chance.
    by_chance = path.name.startswith("tmp") and path.parent == Path(gettempdir())
    return None if by_chance or path.name in {"", "artifacts"} else path.name.partition(".")[0] or path.name


def _run_of(path: Path) -> str | None:
    run_id: str | None = _read(path / "MLmodel").get("run_id")
    return run_id


def _read(path: Path) -> dict[str, Any]:
    return sys.modules["yaml"].safe_load(path.read_text()) if path.is_file() else {}


def _uri(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    return str(argument(args, kwargs, "model_uri", 0, ""))


def _columns(call: Call, columns: dict[str, Any]) -> Answer:
    task = call.task if len(columns) == 1 else Task.UNKNOWN
    found = [(name, output) for name, values in columns.items() if (output := _one(call, values, task))]
    if not found:
        return RowsOnly(max(map(_rows, columns.values()), default=0))
    return found[0][1] if len(columns) == 1 else Named(tuple(found))


def _one(call: Call, values: Any, task: Task) -> OneOutput | None:
    kind, configured = _kind(values), getattr(call.output.kind, "value", None)
    if kind in TEXT:
        return Labels(values) if configured == "label" or _names_classes(call.instance) else None
    if kind not in NUMBERS:
        return None
    is_number = task is Task.REGRESSION or (kind == "f" and task is not Task.CLASSIFICATION)
    return Scores(values) if is_number or configured == "score" else Labels(values)


def _names_classes(instance: Any) -> bool:
    pipeline = instance.metadata.flavors.get("transformers", {})
    return instance.loader_module in LABELS_ARE_CLASSES or pipeline.get("task") in CLASSIFYING_TASKS


def _kind(values: Any) -> str:
    """Return numpy's letter for the type of what is in an array or a list; empty where that is something else."""
    kind = getattr(getattr(values, "dtype", None), "kind", None)
    if isinstance(kind, str):
        return kind
    if isinstance(values, (list, tuple)):
        return _kind(values[0]) if values else ""
    return {bool: "b", int: "i", float: "f", str: "U"}.get(type(values), "")


def _rows(values: Any) -> int:
    if isinstance(values, (list, tuple)):
        return len(values)
    return next(iter(getattr(values, "shape", ())), 1)


_MODEL = "mlflow.pyfunc:PyFuncModel"
_REGISTRY = "mlflow.store.artifact.models_artifact_repo:ModelsArtifactRepository"

ADAPTER = Adapter(
    name="mlflow",
    distributions=("mlflow", "mlflow-skinny"),
    oldest="2.16",
    task=task,
    origin=origin,
    hooks=(
        Hook(f"{_MODEL}.predict", answer, first_argument),
        Hook(f"{_MODEL}.predict_stream", chunks, first_argument, streams=True),
        # Evaluation, and the trials that a model is put to while it is saved.
        Hook("mlflow.models.evaluation.base:_evaluate", quiet=True),
        Hook("mlflow.models.utils:validate_serving_input", quiet=True),
        Hook("mlflow.models.utils:_validate_serving_input", quiet=True, since="3.14"),
        Hook("mlflow.sklearn.utils:_log_specialized_estimator_content", quiet=True),
        *(Hook(f"mlflow.{flavour}:save_model", quiet=True) for flavour in ("pyfunc", *FLAVOURS)),
        *(Hook(f"mlflow.{flavour}:resolve_input_example_and_signature", quiet=True) for flavour in LOGS_FITTED_MODELS),
    ),
    loaders=(
        Loader("mlflow.pyfunc:load_model", source=folder, origin=told, parts=raw_model),
        *(Loader(f"mlflow.{flavour}:load_model", source=folder, origin=told) for flavour in FLAVOURS),
        Loader(f"{_REGISTRY}.download_artifacts", finds=registered),
        Loader("mlflow.tracking.client:MlflowClient.get_logged_model", finds=logged, since="3.0"),
    ),
)
