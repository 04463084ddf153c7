"""Hugging Face Transformers: pipelines of any task, and ``generate`` of models that are used without one.

Of text, only its length is recorded. What a pipeline's answer means is told by what is in it, for services make
pipelines without a task's name, and make their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

from attrs import frozen

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Origin, Streamed, argument
from otel_mlmon.capture.pretrained import origin_of_pretrained
from otel_mlmon.observe.answers import Answer, Labels, Named, Probabilities, Results, RowsOnly, Scores

FOUND = ("entity", "entity_group", "box", "mask")
"""Entries with one of these are what was found in a text or an image; there may be none."""

TEXTS = ("generated_text", "summary_text", "translation_text", "text")

INPUTS = ("inputs", "sequences", "text_inputs", "text", "images", "image", "question", "data")
"""What pipelines call their first parameter."""


@frozen
class Row:
    """What is kept of the answer to one input: numbers, and a classifier's labels."""

    kind: str = ""
    numbers: Sequence[float] = ()
    labels: Sequence[str] = ()


def row_of(piece: Any, prompt: object = None) -> Row:
    """Return what is kept of the answer to one input; lengths are in characters, without a prompt that is repeated."""
    entries = _entries(piece)
    if entries is None:
        return Row()
    first: dict[str, Any] = entries[0] if entries else {}
    if not entries or any(name in first for name in FOUND):
        scores = [entry["score"] for entry in entries if entry.get("score") is not None]
        return Row("results", (len(entries), max(scores, default=nan)))
    if "labels" in first and "scores" in first:
        return Row("classes", first["scores"][:1], first["labels"][:1])
    if "label" in first and "score" in first:
        return Row("classes", [entry["score"] for entry in entries], [entry["label"] for entry in entries])
    if "score" in first:
        return Row("score", (max(entry["score"] for entry in entries),))
    text = next((name for name in TEXTS if name in first), None)
    return Row() if text is None else Row(text, [_length(entry[text], prompt) for entry in entries])


def pipeline_answer(call: Call) -> Answer:
    """``__call__`` of a pipeline: an input's answer is a row."""
    config, rows = call.instance.model.config, _rows(call)
    kinds = {row.kind for row in rows}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if kind == "results":
        return Results([row.numbers[0] for row in rows], [row.numbers[1] for row in rows])
    if kind == "classes":
        return _classes(call, list(getattr(config, "id2label", {}).values()), rows)
    if kind == "score":
        return Scores([row.numbers[0] for row in rows])
    if kind and not (kind == "generated_text" and isinstance(call.answer, Streamed) and _repeats_prompt(call)):
        return Named((("length", Scores([length for row in rows for length in row.numbers])),))
    return RowsOnly(call.answer.pieces if isinstance(call.answer, Streamed) else len(rows))


def generated_tokens(call: Call) -> Answer:
    """``generate``: how many tokens the longest of the sequences has beyond the prompt; each sequence is a row."""
    answer, config = getattr(call.answer, "sequences", call.answer), call.instance.config
    rows, length = answer.shape[0], answer.shape[-1]
    prompt: Any = call.kwargs.get("input_ids", argument(call.args, call.kwargs, "inputs", 0))
    if getattr(config, "is_encoder_decoder", False):
        length -= 1
    elif prompt is not None:
        length -= prompt.shape[-1]
    return Named((("tokens", Scores([float(length)] * rows)),))


def origin(instance: Any) -> Origin | None:
    """Return what a model's configuration says of where it was loaded from."""
    config = getattr(instance, "model", instance).config
    return origin_of_pretrained(getattr(config, "name_or_path", None), getattr(config, "_commit_hash", None))


def _rows(call: Call) -> Sequence[Row]:
    if isinstance(call.answer, Streamed):
        return call.answer.kept
    given: Any = (
        call.args[0] if call.args else next((call.kwargs[name] for name in INPUTS if name in call.kwargs), None)
    )
    is_chat = isinstance(given, list) and bool(given) and isinstance(given[0], dict) and "role" in given[0]
    # Of a list of one input some pipelines answer with that one's answer.
    is_batch = isinstance(given, list) and isinstance(call.answer, list) and len(given) == len(call.answer)
    pieces, prompts = (call.answer, given) if is_batch and not is_chat else ([call.answer], [given])
    if not _repeats_prompt(call):
        prompts = [None] * len(pieces)
    return [row_of(piece, prompt) for piece, prompt in zip(pieces, prompts, strict=True)]


def _entries(piece: Any) -> list[dict[str, Any]] | None:
    if isinstance(piece, dict):
        return [piece]
    if not isinstance(piece, list) or (piece and _entries(piece[0]) is None):
        return None
    return [entry for part in piece for entry in _entries(part) or ()]


def _classes(call: Call, names: Sequence[str], rows: Sequence[Row]) -> Answer:
    numbers = [row.numbers for row in rows]
    if len(names) == 1:
        return Scores([of_row[0] for of_row in numbers])
    is_raw = _function(call) == "NONE"
    if all(len(row.labels) == len(names) and set(row.labels) == set(names) for row in rows):
        by_name = [dict(zip(row.labels, row.numbers, strict=True)) for row in rows]
        table = [[of_row[name] for name in names] for of_row in by_name]
        return Scores(table, names) if is_raw else Probabilities(table, names)
    best = [max(of_row) for of_row in numbers]
    labels = [row.labels[row.numbers.index(most)] for row, most in zip(rows, best, strict=True)]
    return Labels(labels, None if is_raw else best)


def _function(call: Call) -> str:
    given = call.kwargs.get("function_to_apply", call.instance._postprocess_params.get("function_to_apply"))
    if given is None and getattr(call.instance.model.config, "problem_type", None) == "regression":
        return "NONE"
    return str(getattr(given, "name", given)).upper() if given is not None else ""


def _repeats_prompt(call: Call) -> bool:
    if getattr(call.instance.model.config, "is_encoder_decoder", False):
        return False
    is_full = call.kwargs.get("return_full_text")
    kind = call.instance._postprocess_params.get("return_type")
    return getattr(kind, "name", "FULL_TEXT") == "FULL_TEXT" if is_full is None else bool(is_full)


def _length(text: Any, prompt: object) -> int:
    if isinstance(text, list):
        # A chat, of which the last message is the answer.
        text = text[-1].get("content") if text and isinstance(text[-1], dict) else None
    if not isinstance(text, str):
        return 0
    return len(text) - (len(prompt) if isinstance(prompt, str) and text.startswith(prompt) else 0)


ADAPTER = Adapter(
    name="transformers",
    distributions=("transformers",),
    oldest="4.41",
    origin=origin,
    hooks=(
        Hook(
            "transformers.pipelines.base:Pipeline.__call__",
            pipeline_answer,
            named="pipeline",
            streams=True,
            piece=row_of,
        ),
        Hook("transformers.generation.utils:GenerationMixin.generate", generated_tokens),
        Hook("transformers.trainer:Trainer.train", quiet=True),
        Hook("transformers.trainer:Trainer.evaluate", quiet=True),
    ),
)
