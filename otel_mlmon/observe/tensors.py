"""Outputs that say of what type they are, as model servers have them: ``FP32``, ``INT64``, ``BYTES``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from otel_mlmon.config.schema import Output, OutputKind
from otel_mlmon.observe.answers import Answer, Labels, Named, OneOutput, Probabilities, Scores

TEXT = "BYTES"


def is_readable(datatype: str, output: Output) -> bool:
    """Tell whether an output says something: text does only where it is configured to be a label."""
    return datatype != TEXT or output.kind is OutputKind.LABEL


def meant(values: Any, output: Output) -> OneOutput:
    """Return numbers, or labels, of no known meaning as what the configuration says that they are."""
    if output.kind is OutputKind.LABEL:
        return Labels(values)
    return Probabilities(values) if output.kind is OutputKind.PROBABILITY else Scores(values)


def meant_tensor(values: Any, datatype: str, output: Output) -> OneOutput:
    """Return an output as what its type and the configuration say that it is: whole numbers are labels."""
    if datatype == TEXT:
        return Labels(_texts(values) if hasattr(values, "flat") else values)
    return meant(values, output) if datatype.startswith(("FP", "BF")) else Labels(values)


def named(outputs: Sequence[tuple[str, OneOutput]]) -> Answer | None:
    """Return the outputs of one call; an only one needs no name, and none is no answer."""
    if len(outputs) < 2:
        return outputs[0][1] if outputs else None
    return Named(tuple(outputs))


def shaped(values: list[Any], shape: list[int]) -> list[Any]:
    """Return the values of a tensor, in whatever shape they come, a list a row where rows have several."""
    if len(shape) < 2 or not shape[0] or len(values) <= shape[0] or len(values) % shape[0]:
        return values
    width = len(values) // shape[0]
    return [values[start : start + width] for start in range(0, len(values), width)]


def _texts(array: Any) -> list[Any]:
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in array.flat]
    return shaped(texts, list(array.shape))
