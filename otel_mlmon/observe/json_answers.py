"""What a model server answered in JSON, as one of the kinds of answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from otel_mlmon.config import json_path
from otel_mlmon.config.schema import Output, OutputKind
from otel_mlmon.observe.answers import Answer, OneOutput, Scores
from otel_mlmon.observe.tensors import is_readable, meant, meant_tensor, named, shaped

MAX_BODY = 10_000_000
"""Bytes; more is not worth the time that it takes to read."""

UNREADABLE = Scores(None)
"""Is counted as what it is."""


def answer_of_json(body: bytes, output: Output) -> Answer | None:
    """Read the body of a response.

    Without ``output.path``, what KServe, TensorFlow Serving, Seldon and Triton answer is known, and a number or a list
    by itself, as services of BentoML and Ray Serve answer. Text is read only where ``output.kind`` is ``label``.

    Parameters
    ----------
    body
        As it was received and unpacked.
    output
        What is configured for the model's outputs.

    Returns
    -------
    Answer | None
        None where an answer of unknown form says nothing.
    """
    if len(body) > MAX_BODY:
        return UNREADABLE
    try:
        document = json.loads(body)
        if output.path is not None:
            return meant(json_path.find(document, output.path), output)
    except (ValueError, LookupError, RecursionError):
        # What was to be there and is not counts; who configures no path may have a model that answers otherwise.
        return None if output.path is None else UNREADABLE
    if isinstance(document, dict) and _are_tensors(document.get("outputs")):
        tensors = [tensor for tensor in document["outputs"] if is_readable(tensor["datatype"], output)]
        return named([(tensor["name"], _of_tensor(tensor, output)) for tensor in tensors])
    readable = (meant(values, output) for values in _usual_places(document) if _can_be_read(values, output))
    return next(readable, None)


def _usual_places(document: Any) -> Iterator[Any]:
    if not isinstance(document, dict):
        yield document
        return
    yield from (document.get(key) for key in ("predictions", "outputs", "results"))
    data = document.get("data")
    if isinstance(data, dict):
        yield data.get("ndarray")
        tensor = data.get("tensor")
        if isinstance(tensor, dict):
            yield shaped(tensor.get("values") or [], tensor.get("shape") or [])


def _can_be_read(values: Any, output: Output) -> bool:
    while isinstance(values, list) and values:
        values = values[0]
    if isinstance(values, str):
        return output.kind is OutputKind.LABEL
    return isinstance(values, (bool, int, float))


def _are_tensors(outputs: Any) -> bool:
    return isinstance(outputs, list) and all(map(_is_tensor, outputs))


def _is_tensor(value: Any) -> bool:
    # Large ones may follow in binary: that is for a client of the protocol.
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("datatype"), str)
        and isinstance(value.get("data"), list)
    )


def _of_tensor(tensor: dict[str, Any], output: Output) -> OneOutput:
    return meant_tensor(shaped(tensor["data"], tensor.get("shape") or []), tensor["datatype"], output)
