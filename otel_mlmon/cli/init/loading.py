"""Models out of files, and what they want to be asked."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from attrs import frozen

from otel_mlmon.cli.failure import Failure

Ask: TypeAlias = Callable[[Any], Any]
"""Asks a model about the rows of a data frame."""


@frozen
class FileLoader:
    """What reads files of some suffixes."""

    suffixes: tuple[str, ...]
    module: str
    load: Callable[[Any, Path], Any]


def _skops(skops: Any, file: Path) -> Any:
    # Whoever names the file trusts it, as with a pickle.
    return skops.load(file, trusted=skops.get_untrusted_types(file=file))


def _xgboost(xgboost: Any, file: Path) -> Any:
    booster = xgboost.Booster(model_file=str(file))
    said = json.loads(booster.attr("scikit_learn") or "{}")
    if said.get("_estimator_type") != "classifier":
        return booster
    classifier = xgboost.XGBClassifier()
    classifier.load_model(str(file))
    return classifier


def _catboost(catboost: Any, file: Path) -> Any:
    model = catboost.CatBoost().load_model(str(file))
    return catboost.CatBoostClassifier().load_model(str(file)) if len(model.classes_) else model


LOADERS = (
    FileLoader((".joblib", ".pkl", ".pickle"), "joblib", lambda joblib, file: joblib.load(file)),
    FileLoader((".skops",), "skops.io", _skops),
    FileLoader((".ubj", ".json", ".xgb"), "xgboost", _xgboost),
    FileLoader((".txt", ".lgb"), "lightgbm", lambda lightgbm, file: lightgbm.Booster(model_file=str(file))),
    FileLoader((".cbm",), "catboost", _catboost),
    FileLoader((".onnx",), "onnxruntime", lambda onnx, file: onnx.InferenceSession(str(file))),
)

OPERATIONS = ("predict_proba", "predict", "run")
"""What is asked of a model, the first that it has: the methods that services call."""


def load_model(file: Path) -> Any:
    """Return the model that a file holds. Pickles run code: only for files that the user named.

    Raises
    ------
    Failure
        There is none, or a library for it is missing.
    """
    loader = next((loader for loader in LOADERS if file.suffix.lower() in loader.suffixes), None)
    if loader is None:
        known = ", ".join(suffix for loader in LOADERS for suffix in loader.suffixes)
        message = f"{file} is no model that is known: its name should end with {known}; or use --prediction"
        raise Failure(message)
    if not file.is_file():
        message = f"there is no file {file}"
        raise Failure(message)
    try:
        loaded = loader.load(importlib.import_module(loader.module), file)
    except ModuleNotFoundError as error:
        message = f"{file} needs the module '{error.name}', which is not installed here"
        raise Failure(message) from error
    except Exception as error:
        message = f"{file} cannot be loaded: {type(error).__name__}: {error}"
        raise Failure(message) from error
    return _only_model(loaded, file)


def feature_names(model: Any) -> list[str] | None:
    """Return the columns that a model needs, in order; None where it was fitted on an array."""
    for names in _names_said(model):
        if names and all(isinstance(name, str) for name in names) and not _are_positions(names):
            return names
    return None


def operation_of(model: Any, wanted: str | None) -> str:
    """Return the method to ask: the wanted one, or the first that it has.

    Raises
    ------
    Failure
        It has none.
    """
    operations = OPERATIONS if wanted is None else (wanted,)
    found = next((name for name in operations if callable(getattr(model, name, None))), None)
    if found is None:
        message = f"a {type(model).__name__} has no {' or '.join(operations)}: name its method with --operation"
        raise Failure(message)
    return found


def asking(model: Any, operation: str, has_names: bool) -> Ask:
    """Return what asks a model about a data frame, in the form that its library wants."""
    module = type(model).__module__.partition(".")[0]
    if module == "onnxruntime":
        return lambda frame: model.run(None, _feeds(model, frame))
    form: Ask = _same if has_names else _array
    if module == "xgboost" and type(model).__name__ == "Booster":
        matrix = importlib.import_module("xgboost").DMatrix
        return lambda frame: getattr(model, operation)(matrix(form(frame), enable_categorical=has_names))
    # Looked up at each call: the method is another one while the process is instrumented.
    return lambda frame: getattr(model, operation)(form(frame))


def _same(frame: Any) -> Any:
    return frame


def _array(frame: Any) -> Any:
    return frame.to_numpy()


def _only_model(loaded: Any, file: Path) -> Any:
    if not isinstance(loaded, (dict, list, tuple)):
        return loaded
    members = loaded.values() if isinstance(loaded, dict) else loaded
    models = [member for member in members if any(callable(getattr(member, name, None)) for name in OPERATIONS)]
    if len(models) != 1:
        message = f"{file} holds a {type(loaded).__name__} with {len(models)} models in it, and it should be one"
        raise Failure(message)
    return models[0]


def _names_said(model: Any) -> Iterator[list[Any]]:
    """Yield what a model says of its columns, the narrowest first."""
    steps = getattr(model, "steps", None)
    if isinstance(steps, list) and steps:
        yield from _names_said(steps[0][1])
    best = getattr(model, "best_estimator_", None)
    if best is not None:
        yield from _names_said(best)
    # What a ColumnTransformer was fitted on may be far more than what it picks.
    picked = [columns for _, transformer, columns in getattr(model, "transformers_", ()) if transformer != "drop"]
    if picked and all(isinstance(columns, list) for columns in picked):
        yield list(dict.fromkeys(column for columns in picked for column in columns))
    for attribute in ("feature_names_in_", "feature_names_", "feature_names", "feature_name"):
        said = getattr(model, attribute, None)
        said = said() if callable(said) else said
        if said is not None:
            yield list(map(_as_text, said))
    inputs = getattr(model, "get_inputs", None)
    if inputs is not None and len(inputs()) > 1:
        yield [one.name for one in inputs()]


def _as_text(name: Any) -> Any:
    return str(name) if isinstance(name, str) else name


def _are_positions(names: list[str]) -> bool:
    """Tell names that a library made up for the columns of an array."""
    return any(names == [f"{prefix}{index}" for index in range(len(names))] for prefix in ("Column_", ""))


def _feeds(session: Any, frame: Any) -> dict[str, Any]:
    inputs = session.get_inputs()
    if len(inputs) == 1:
        return {inputs[0].name: frame.to_numpy(dtype=_numpy_type(inputs[0]))}
    return {
        one.name: frame[[one.name]].to_numpy(dtype=_numpy_type(one)).reshape(-1, *([1] * (len(one.shape) - 1)))
        for one in inputs
    }


def _numpy_type(one: Any) -> str:
    kind = str(one.type).removeprefix("tensor(").removesuffix(")")
    return {"float": "float32", "double": "float64", "string": "object"}.get(kind, kind)
