"""ONNX Runtime: sessions, whatever their models were exported from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Callback, Hook, Loader, Origin, argument, into_instance
from otel_mlmon.observe.answers import Answer, Labels, Named, OneOutput, Probabilities, Scores

PROBABILITIES = {"probabilities", "probability", "output_probability"}
"""What exporters of classifiers call this output; the other one holds the classes."""


def run_answer(call: Call) -> Answer | None:
    """``run``: one output, or a classifier's two, or each by its name."""
    return _answer(_asked_for(call), call.answer)


def bound_answer(call: Call) -> Answer | None:
    """``run_with_iobinding``: what the binding holds now, as far as it is in the host's memory."""
    binding: Any = argument(call.args, call.kwargs, "iobinding", 0)
    values = binding.get_outputs()
    names = [output.name for output in call.instance.get_outputs()]
    return _answer(names, [value.numpy() if value.device_name() == "cpu" else None for value in values])


def ort_values_answer(call: Call) -> Answer | None:
    """``run_with_ort_values``: as ``run``, as far as the values are in the host's memory."""
    values = [value.numpy() if value.device_name() == "cpu" else None for value in call.answer]
    return _answer(_asked_for(call), values)


def answer_of_callback(results: Any, _user_data: Any = None, error: str = "") -> Any:
    """Return what ``run_async`` tells its callback.

    Raises
    ------
    RuntimeError
        It tells of an error.
    """
    if error:
        raise RuntimeError(error)
    return results


def feed(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the inputs by name; an only one by itself, for its columns."""
    inputs = argument(args, kwargs, "input_feed", 1)
    return next(iter(inputs.values())) if isinstance(inputs, dict) and len(inputs) == 1 else inputs


def model_file(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the path that a session is made from; None where it is made from bytes."""
    return argument(args, kwargs, "path_or_bytes", 0)


def origin(instance: Any) -> Origin | None:
    """Return what the model's metadata says: its graph's name, unless the exporter made one up, and its version."""
    metadata = instance.get_modelmeta()
    name = metadata.custom_metadata_map.get("name") or metadata.graph_name
    is_made_up = name in {"", "main_graph", "torch_jit", "torch-jit-export", "graph"} or len(name) == 32
    return Origin(name=None if is_made_up else name, version=str(metadata.version) if metadata.version > 0 else None)


def _asked_for(call: Call) -> Sequence[str]:
    names = argument(call.args, call.kwargs, "output_names", 0)
    return names or [output.name for output in call.instance.get_outputs()]


def _answer(names: Sequence[str], values: Sequence[Any]) -> Answer | None:
    found = [(name, output) for name, value in zip(names, values, strict=False) if (output := _output(name, value))]
    if not found:
        return None
    kinds = [type(output) for _, output in found]
    if kinds == [Labels, Probabilities]:
        labels, probabilities = found[0][1], found[1][1]
        return Probabilities(probabilities.values, getattr(probabilities, "classes", None), labels.values)
    return found[0][1] if len(found) == 1 else Named(tuple(found))


def _output(name: str, value: Any) -> OneOutput | None:
    if isinstance(value, list):
        return _of_dicts(value)
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in "ibuOUS":
        return Labels(value)
    if kind != "f":
        return None
    is_table = value.ndim == 2 and value.shape[1] > 1
    return Probabilities(value) if name in PROBABILITIES and is_table else Scores(value)


def _of_dicts(rows: list[Any]) -> Probabilities | None:
    # A ZipMap at a classifier's end makes a dict a row.
    if not rows or not isinstance(rows[0], dict):
        return None
    classes = list(rows[0])
    return Probabilities([[row[name] for name in classes] for row in rows], classes)


_SESSION = "onnxruntime.capi.onnxruntime_inference_collection:InferenceSession"

ADAPTER = Adapter(
    name="onnxruntime",
    distributions=("onnxruntime", "onnxruntime-gpu"),
    oldest="1.17",
    origin=origin,
    hooks=(
        Hook(f"{_SESSION}.run", run_answer, feed),
        Hook(f"{_SESSION}.run_async", run_answer, feed, callback=Callback("callback", 2, answer_of_callback)),
        Hook(f"{_SESSION}.run_with_iobinding", bound_answer),
        Hook(f"{_SESSION}.run_with_ort_values", ort_values_answer, feed),
    ),
    loaders=(Loader(f"{_SESSION}.__init__", source=model_file, loaded=into_instance, suffixes=(".onnx",)),),
)
