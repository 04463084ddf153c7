"""TensorFlow (2.18 and later): loaded SavedModels, called themselves, by their functions or by their signatures.

What a service calls within a ``tf.function`` of its own is part of a graph there, and no call that Python sees.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from os import fspath
from pathlib import PurePath
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader, Origin, Task, argument, first_argument
from otel_mlmon.capture.naming import whole
from otel_mlmon.observe.answers import Answer, Labels, Named, OneOutput, Probabilities, Scores

MAX_NUMBERS = 1024
"""A row with more of them is a picture or the like: no histogram says anything of it."""

MAX_LABELS = 10
"""So many probabilities that do not exclude each other are looked at one by one."""


def predicts(_instance: Any, _args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether a call is none in training, under a gradient tape, or while a graph is made."""
    training = kwargs.get("training")
    modules = sys.modules
    if "tensorflow" not in modules:
        return not training
    if (
        not modules["tensorflow"].executing_eagerly()
        or modules["tensorflow.python.eager.record"].could_possibly_record()
    ):
        return False
    return not training


def read(answer: Any, names: Sequence[str] | None = None, made_by: Sequence[str | None] = ()) -> Answer | None:
    """Read one tensor, or a list or dict of them.

    Parameters
    ----------
    names
        Of the tensors of a list; default: their indices.
    made_by
        The name of the last function of each output's, in the order of a list or of a dict's sorted keys; others than
        ``softmax`` and ``sigmoid`` do not matter.
    """
    if isinstance(answer, dict):
        names = sorted(answer)
        answer = [answer[name] for name in names]
    elif not isinstance(answer, (list, tuple)):
        answer = [answer]
    several = len(answer) > 1
    if names is None or len(names) != len(answer):
        names = [str(index) for index in range(len(answer))]
    if len(made_by) != len(answer):
        made_by = [None] * len(answer)
    found: list[tuple[str | None, OneOutput]] = []
    for name, tensor, function in zip(names, answer, made_by, strict=True):
        values = on_host(tensor)
        if values is not None:
            found += _outputs(name if several else None, values, function)
    return found[0][1] if [name for name, _ in found] == [None] else Named(tuple(found)) if found else None


def on_host(tensor: Any) -> Any:
    """Return a tensor as an array; None where it is on another device, ragged or sparse."""
    if "CPU" in getattr(tensor, "backing_device", ""):
        return tensor.numpy()
    return tensor if type(tensor).__module__ == "numpy" else None


def _outputs(name: str | None, values: Any, function: str | None) -> Iterator[tuple[str | None, OneOutput]]:
    rank, width = values.ndim, values.shape[1] if values.ndim == 2 else 0
    if rank and values.size > MAX_NUMBERS * len(values):
        yield name, Scores(values[:, :0])
    elif values.dtype.kind == "O":
        yield name, Labels([text.decode(errors="replace") for text in values.reshape(-1)[: len(values)]])
    elif values.dtype.kind in "ibu":
        yield name, Labels(values)
    elif function == "softmax" and width > 1:
        yield name, Probabilities(values)
    elif function == "sigmoid" and width == 1:
        yield name, Probabilities(values[:, 0])
    elif function == "sigmoid" and 1 < width <= MAX_LABELS:
        for label in range(width):
            yield ".".join(filter(None, (name, str(label)))), Probabilities(values[:, label])
    else:
        yield name, Scores(values)


def answer(call: Call) -> Answer | None:
    """Return what a SavedModel answered: a tensor, or several by their names."""
    function = None
    if call.task is Task.CLASSIFICATION:
        tensor = next(iter(call.answer.values())) if isinstance(call.answer, dict) else call.answer
        function = "sigmoid" if getattr(tensor, "shape", ())[1:] == (1,) else "softmax"
    return read(call.answer, made_by=[function])


def task(instance: Any) -> Task:
    """Tell by the operation that makes the only output of the default signature."""
    signature = getattr(instance, "signatures", {}).get("serving_default")
    if signature is None or len(signature.graph.outputs) != 1:
        return Task.UNKNOWN
    (output,) = signature.graph.outputs
    makes_probabilities = _last_operation(signature.graph) == ("Sigmoid" if output.shape[1:] == (1,) else "Softmax")
    return Task.CLASSIFICATION if makes_probabilities else Task.UNKNOWN


def _last_operation(graph: Any) -> str:
    # Through functions that the graph calls, and their results.
    definition = graph.as_graph_def()
    functions = {function.signature.name: function for function in definition.library.function}
    nodes, reference = definition.node, graph.outputs[0].name
    while True:
        name, *_, place = f"{reference}:0".removesuffix(":0" if ":" in reference else "").split(":")
        node = next((node for node in nodes if node.name == name), None)
        if node is None:
            return ""
        if node.op == "Identity":
            reference = node.input[0]
        elif node.attr["f"].func.name in functions:
            function = functions[node.attr["f"].func.name]
            nodes, reference = function.node_def, function.ret[function.signature.output_arg[int(place)].name]
        else:
            return str(node.op)


def origin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Origin | None:
    """Return the folder's name; of a number, which TensorFlow Serving takes for a version, the name above it."""
    folder = PurePath(fspath(folder_of(args, kwargs)))
    if folder.name.isdecimal() and folder.parent.name:
        return Origin(name=folder.parent.name, version=folder.name)
    return Origin(name=folder.name)


def folder_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return where a model is loaded from."""
    return argument(args, kwargs, "export_dir", 0)


def parts(loaded: Any) -> list[Any]:
    """Return the functions and signatures of a SavedModel."""
    kind = sys.modules["tensorflow.python.saved_model.function_deserialization"].RestoredFunction
    functions = [value for value in vars(loaded).values() if isinstance(value, kind)]
    return [*functions, *getattr(loaded, "signatures", {}).values()]


def restored(instance: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    """Return the SavedModel that a function belongs to; of one that was loaded before us, the function is known."""
    found = whole(instance)
    return instance if found is None else found


def wrapped(instance: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    """Return the SavedModel of TensorFlow 1 that a function belongs to; None: it may be any function."""
    return whole(instance)


_FUNCTIONS = (
    ("tensorflow.python.saved_model.function_deserialization:RestoredFunction", restored),
    ("tensorflow.python.saved_model.load:_WrapperFunction", restored),
    ("tensorflow.python.eager.wrap_function:WrappedFunction", wrapped),
)
# Each module has its own name for the function, and most are there twice.
_LOADERS = (
    "tensorflow.python.saved_model.load:load",
    *(
        f"{package}.{name}"
        for package in ("tensorflow._api.v2", "tensorflow")
        for name in ("saved_model:load", "compat.v2.saved_model:load", "compat.v1.saved_model:load_v2")
    ),
)

ADAPTER = Adapter(
    name="tensorflow",
    distributions=("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos", "tf-nightly"),
    oldest="2.18",
    task=task,
    hooks=tuple(
        Hook(f"{kind}.__call__", answer, first_argument, model=model, when=predicts, inherited=True, named="call")
        for kind, model in _FUNCTIONS
    ),
    loaders=tuple(Loader(target, source=folder_of, origin=origin, parts=parts) for target in _LOADERS),
)
