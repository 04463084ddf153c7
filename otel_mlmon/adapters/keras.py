"""Keras (3.5 and later), with TensorFlow below it: ``predict``, ``predict_on_batch``, and models that are called.

A call without ``training`` is a prediction, as Keras takes it for inference; not so under a gradient tape, while a
``tf.function`` or a functional model is made, and inside ``fit`` and ``evaluate``. Of layers, only models count.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from otel_mlmon.adapters.tensorflow import predicts, read
from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, Origin, argument, first_argument
from otel_mlmon.observe.answers import Answer


def is_called(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether a call of a model is a prediction; with symbolic tensors, it makes another model."""
    symbolic = sys.modules["keras.src.backend.common.keras_tensor"].any_symbolic_tensors
    return predicts(instance, args, kwargs) and not symbolic(args, kwargs)


def answer(call: Call) -> Answer | None:
    """Return the model's outputs by the names that its layers give them."""
    outputs, names = _graph(call.instance)
    if outputs is None:
        return read(call.answer, made_by=[_function_of_last_layer(call)])
    return read(call.answer, names, [_function_of(output) for output in outputs])


def origin(instance: Any) -> Origin | None:
    """Return the model's name, unless Keras made it up."""
    made_up = sys.modules["keras.src.utils.naming"].to_snake_case(type(instance).__name__)
    is_made_up = re.fullmatch(rf"({made_up}|model)(_\d+)?", instance.name)
    return None if is_made_up else Origin(name=instance.name)


def file_of_model(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the path that a model is loaded from."""
    return argument(args, kwargs, "filepath", 0)


def _graph(instance: Any) -> tuple[Sequence[Any] | None, Sequence[str] | None]:
    """Return the symbolic outputs of a model, and their names; None of a model that is not made of such."""
    models = sys.modules["keras.src.models"]
    if isinstance(instance, models.Sequential):
        instance = instance._functional
    return (instance.outputs, instance.output_names) if isinstance(instance, models.Functional) else (None, None)


def _function_of(output: Any) -> str:
    operation, _, place = output._keras_history
    inner, _ = _graph(operation)
    return _function_name(operation) if inner is None else _function_of(inner[place])


def _function_of_last_layer(call: Call) -> str | None:
    # It makes the answer if it is as wide: which one comes last in a subclass's own code, nobody can tell.
    layers = call.instance.layers
    width = getattr(call.answer, "shape", (None,))[-1]
    return _function_name(layers[-1]) if layers and getattr(layers[-1], "units", None) == width else None


def _function_name(operation: Any) -> str:
    return str(getattr(getattr(operation, "activation", None), "__name__", type(operation).__name__)).lower()


_MODEL = "keras.src.models.model:Model"
# Each has its own name for the function.
_MODULES = (
    "keras.src.saving.saving_api",
    "keras.src.saving",
    *(
        f"{package}.{module}"
        for package in ("keras", "keras.api", "keras._tf_keras.keras", "tensorflow.keras")
        for module in ("models", "saving")
    ),
)

ADAPTER = Adapter(
    name="keras",
    distributions=("keras",),
    oldest="3.5",
    origin=origin,
    hooks=(
        Hook(f"{_MODEL}.predict", answer, first_argument),
        Hook(f"{_MODEL}.predict_on_batch", answer, first_argument),
        Hook(f"{_MODEL}.__call__", answer, first_argument, when=is_called, inherited=True, named="call"),
        *(Hook(f"{_MODEL}.{name}", quiet=True) for name in ("fit", "evaluate", "train_on_batch", "test_on_batch")),
    ),
    loaders=tuple(Loader(f"{module}:load_model", source=file_of_model) for module in _MODULES),
)
