"""A model's answer, whatever its form, as columns of numbers and of classes, one entry a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import evolve, frozen

from otel_mlmon import semconv
from otel_mlmon.config.schema import Output, OutputKind
from otel_mlmon.emit.buckets import NUMBER, PROBABILITY, Layout, custom
from otel_mlmon.observe.arrays import Array, Factors, Floats, factorize, label_text, to_array, to_floats
from otel_mlmon.observe.prediction import Answer, Labels, LogProbabilities, Probabilities, Scores

MAX_OUTPUTS = 10
"""Up to so many classes or outputs have a distribution each."""


@frozen(eq=False)
class Column:
    """Numbers of one output; ``name`` is None for an only output.

    Their shape is (rows,), or (rows, outputs) where many outputs share one name.
    """

    name: str | None
    numbers: Floats


@frozen(eq=False)
class ClassColumn:
    """Predicted classes of one output; ``name`` is None for an only output."""

    name: str | None
    factors: Factors


@frozen(eq=False)
class Rows:
    """All that an answer says about its rows."""

    count: int
    layout: Layout
    values: tuple[Column, ...] = ()
    classes: tuple[ClassColumn, ...] = ()
    confidence: tuple[Column, ...] = ()


def read_rows(answer: Answer, output: Output) -> Rows | None:
    """Read an answer; None where it holds nothing that can be read.

    Parameters
    ----------
    answer
        What the model returned, and how it is meant.
    output
        What is configured for the model's outputs.
    """
    if isinstance(answer, Scores):
        rows = _read_labels(answer.values) if output.kind is OutputKind.LABEL else _read_scores(answer, output)
    elif isinstance(answer, Labels):
        rows = _read_labels(answer.values)
    else:
        rows = _read_probabilities(answer, output)
    if rows is not None and output.boundaries is not None:
        return evolve(rows, layout=custom(output.boundaries))
    return rows


def _read_scores(answer: Scores, output: Output) -> Rows | None:
    numbers = to_floats(answer.values)
    if numbers is None:
        return None
    layout = PROBABILITY if output.kind is OutputKind.PROBABILITY else NUMBER
    return Rows(len(numbers), layout, values=_named_columns(numbers, answer.names))


def _read_labels(values: object) -> Rows | None:
    labels = to_array(values)
    if labels is None:
        return None
    if labels.ndim == 1:
        return _class_rows(len(labels), [(None, labels)])
    table = labels.reshape(len(labels), -1)
    if table.shape[1] == 1:
        return _class_rows(len(labels), [(None, table[:, 0])])
    return _class_rows(
        len(labels), [(str(index), table[:, index]) for index in range(min(table.shape[1], MAX_OUTPUTS))]
    )


def _class_rows(count: int, columns: list[tuple[str | None, Array]]) -> Rows | None:
    found = [(name, factorize(column)) for name, column in columns]
    classes = tuple(ClassColumn(name, factors) for name, factors in found if factors is not None)
    return Rows(count, NUMBER, classes=classes) if classes else None


def _read_probabilities(answer: Probabilities | LogProbabilities, output: Output) -> Rows | None:
    if not isinstance(answer.values, list):
        return _read_distribution(answer, None, answer.values, answer.classes, output)
    many = len(answer.values) > 1
    parts = []
    for index, values in enumerate(answer.values[:MAX_OUTPUTS]):
        classes = None if answer.classes is None else answer.classes[index]
        part = _read_distribution(answer, str(index) if many else None, values, classes, output)
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    return Rows(
        parts[0].count,
        parts[0].layout,
        values=tuple(column for part in parts for column in part.values),
        classes=tuple(column for part in parts for column in part.classes),
        confidence=tuple(column for part in parts for column in part.confidence),
    )


def _read_distribution(
    answer: Answer, name: str | None, values: object, classes: Sequence[object] | None, output: Output
) -> Rows | None:
    numbers = to_floats(values)
    if numbers is None or numbers.ndim > 2:
        return None
    if isinstance(answer, LogProbabilities):
        numbers = np.exp(numbers)
    count = len(numbers)
    if numbers.ndim == 1:
        return Rows(count, PROBABILITY, values=(Column(name, numbers),))
    width = numbers.shape[1]
    labels = [label_text(label) for label in (range(width) if classes is None or len(classes) != width else classes)]
    values_of = tuple(Column(_joined(name, label), numbers[:, index]) for index, label in _shown(labels, output))
    if count == 0 or width == 0 or not _is_distribution(numbers[0]):
        # Multi-label models answer with a probability of its own for every label: there is no most probable class.
        return Rows(count, PROBABILITY, values=values_of)
    return Rows(
        count,
        PROBABILITY,
        values=values_of,
        classes=(ClassColumn(name, _winners(numbers, labels)),),
        confidence=(Column(name, numbers.max(axis=1)),),
    )


def _shown(labels: list[str], output: Output) -> list[tuple[int, str | None]]:
    """Return index and name of the classes whose distribution is recorded."""
    if len(labels) == 1:
        return [(0, None)]
    if len(labels) == 2:
        positive = None if output.positive_class is None else label_text(output.positive_class)
        return [(labels.index(positive) if positive in labels else 1, None)]
    wanted = set(output.classes) if output.classes else set(labels[:MAX_OUTPUTS] if len(labels) <= MAX_OUTPUTS else ())
    return [(index, label) for index, label in enumerate(labels) if label in wanted]


def _joined(output: str | None, label: str | None) -> str | None:
    return ".".join(part for part in (output, label) if part is not None) or None


def _is_distribution(row: Floats) -> bool:
    total = float(row.sum())
    return abs(total - 1.0) < 1e-3 or np.isnan(total)


def _winners(numbers: Floats, labels: list[str]) -> Factors:
    codes = numbers.argmax(axis=1)
    unknown = np.isnan(numbers.sum(axis=1))
    if unknown.any():
        return Factors(np.where(unknown, len(labels), codes), (*labels, semconv.MISSING))
    return Factors(codes, tuple(labels))


def _named_columns(numbers: Floats, names: Sequence[object] | None) -> tuple[Column, ...]:
    if numbers.ndim == 1:
        return (Column(None, numbers),)
    table = numbers.reshape(len(numbers), -1)
    width = table.shape[1]
    if width == 1:
        return (Column(None, table[:, 0]),)
    texts = [label_text(name) for name in (range(width) if names is None or len(names) != width else names)]
    shown = tuple(Column(text, table[:, index]) for index, text in enumerate(texts[:MAX_OUTPUTS]))
    rest = table[:, MAX_OUTPUTS:]
    return (*shown, Column(semconv.OTHER, rest)) if rest.size else shown
