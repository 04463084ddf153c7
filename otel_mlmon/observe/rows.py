"""A model's answer, whatever its form, as columns of numbers and of classes, one entry a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import evolve, frozen

from otel_mlmon import semconv
from otel_mlmon.config.buckets import NUMBER, PROBABILITY, Layout, custom
from otel_mlmon.config.schema import Output, OutputKind
from otel_mlmon.observe.activation import activate
from otel_mlmon.observe.answers import (
    Answer,
    Estimates,
    Labels,
    LogProbabilities,
    Named,
    Probabilities,
    Results,
    ResultTable,
    RowsOnly,
    Scores,
)
from otel_mlmon.observe.arrays import Floats, to_array, to_floats, to_table
from otel_mlmon.observe.factorize import Codes, Factors, factorize
from otel_mlmon.observe.items import Items, read_items
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.results import tabulate

MAX_OUTPUTS = 10
"""Up to so many classes or outputs have a distribution each."""

SUM_TOLERANCE = 1e-3


@frozen(eq=False)
class Column:
    """Numbers of one output; ``name`` is None for an only output.

    Their shape is (rows,), or (rows, outputs) where many outputs share one name; NaN is a row with no value where
    ``has_gaps`` says so, and else a wrong one.
    """

    name: str | None
    numbers: Floats
    layout: Layout
    has_gaps: bool = False

    def present(self) -> Floats:
        """Return the numbers of all rows that have one, shape (numbers,)."""
        numbers = self.numbers.reshape(-1)
        return numbers[~np.isnan(numbers)] if self.has_gaps else numbers


@frozen(eq=False)
class ClassColumn:
    """Predicted classes of one output; ``name`` is None for an only output."""

    name: str | None
    factors: Factors


@frozen(eq=False)
class Rows:
    """All that an answer says about its rows; where these are queries, ``results`` tells how many each got."""

    count: int
    values: tuple[Column, ...] = ()
    classes: tuple[ClassColumn, ...] = ()
    confidence: tuple[Column, ...] = ()
    results: Floats | None = None
    items: Items | None = None


def read_rows(answer: Answer, output: Output) -> Rows | None:  # noqa: PLR0911  (one a kind of answer)
    """Read an answer; None where it holds nothing that can be read.

    Parameters
    ----------
    answer
        What the model returned, and how it is meant.
    output
        What is configured for the model's outputs.
    """
    if isinstance(answer, Named):
        return _read_named(answer, output)
    if isinstance(answer, RowsOnly):
        return Rows(answer.count)
    if isinstance(answer, (Results, ResultTable)):
        table = tabulate(answer) if isinstance(answer, Results) else answer
        rows = _read_results(table, score_layout(output) or NUMBER)
        return _with_items(rows, answer) if isinstance(answer, Results) else rows
    if isinstance(answer, Estimates):
        return _read_estimates(answer, score_layout(output) or NUMBER)
    if isinstance(answer, Scores) and output.activation is not None:
        return read_rows(activate(answer, output.activation), evolve(output, activation=None))
    if isinstance(answer, Labels):
        return _with_confidence(_read_labels(answer.values), answer.confidence)
    if isinstance(answer, Scores):
        layout = score_layout(output)
        return _read_labels(answer.values) if layout is None else _read_scores(answer, layout)
    return _read_probabilities(answer, output)


def unit_layout(output: Output) -> Layout:
    """Return the boundaries for probabilities."""
    return PROBABILITY if output.boundaries is None else custom(output.boundaries)


def score_layout(output: Output) -> Layout | None:
    """Return the boundaries for numbers of no known meaning; None where they are configured to be labels."""
    if output.kind is OutputKind.LABEL:
        return None
    if output.boundaries is not None:
        return custom(output.boundaries)
    return PROBABILITY if output.kind is OutputKind.PROBABILITY else NUMBER


def class_texts(classes: Sequence[object] | None, width: int) -> Sequence[str]:
    """Return the names of ``width`` classes: their labels where these are known, else their indices."""
    # A chain of classifiers has classes for each of its columns, which are no classes of one output.
    are_names = classes is not None and len(classes) == width and getattr(classes[0], "ndim", 0) == 0
    return [label_text(label) for label in (classes if classes is not None and are_names else range(width))]


def shown_classes(texts: Sequence[str], output: Output) -> Sequence[tuple[int, str | None]]:
    """Return index and name of the classes that have a distribution; of two, the positive one needs no name."""
    if len(texts) == 1:
        return [(0, None)]
    if len(texts) == 2:
        positive = None if output.positive_class is None else label_text(output.positive_class)
        return [(texts.index(positive) if positive in texts else 1, None)]
    wanted = output.classes or (texts if len(texts) <= MAX_OUTPUTS else ())
    return [(index, text) for index, text in enumerate(texts) if text in wanted]


def is_distribution(total: float) -> bool:
    """Tell whether a row of probabilities with this sum is one; it is not where every label has one of its own."""
    return abs(total - 1.0) < SUM_TOLERANCE


def _read_named(answer: Named, output: Output) -> Rows | None:
    parts: list[Rows] = []
    for name, one in answer.outputs[:MAX_OUTPUTS]:
        rows = read_rows(one, output)
        if rows is not None and (not parts or rows.count == parts[0].count):
            parts.append(_renamed(rows, name))
    return _joined(parts) if parts else None


def _renamed(rows: Rows, name: str | None) -> Rows:
    return evolve(
        rows,
        values=tuple(evolve(column, name=_full_name(name, column.name)) for column in rows.values),
        classes=tuple(evolve(column, name=_full_name(name, column.name)) for column in rows.classes),
        confidence=tuple(evolve(column, name=_full_name(name, column.name)) for column in rows.confidence),
    )


def _read_results(answer: ResultTable | None, layout: Layout) -> Rows | None:
    if answer is None:
        return None
    table = answer.values
    columns = tuple(Column(None, table[:, place], layout, has_gaps=True) for place in range(1, table.shape[1]))
    return Rows(len(table), columns, results=table[:, 0])


def _with_items(rows: Rows | None, answer: Results) -> Rows | None:
    if rows is None or answer.items is None:
        return rows
    return evolve(rows, items=read_items(answer.items, answer.counts))


def _read_estimates(answer: Estimates, layout: Layout) -> Rows | None:
    table = to_floats(answer.values)
    if table is None or table.ndim != 2 or table.shape[1] != 2:
        return None
    sources = Factors((table[:, 1] != 0).astype(np.uint8), (semconv.SOURCE_MODEL, semconv.SOURCE_FALLBACK))
    return Rows(len(table), (Column(None, table[:, 0], layout),), (ClassColumn(semconv.OUTPUT_SOURCE, sources),))


def _read_scores(answer: Scores, layout: Layout) -> Rows | None:
    numbers = to_floats(answer.values)
    return None if numbers is None else Rows(len(numbers), _named_columns(numbers, answer.names, layout))


def _read_labels(values: object) -> Rows | None:
    labels = to_array(values)
    if labels is None:
        return None
    table = to_table(labels)
    width = min(table.shape[1], MAX_OUTPUTS)
    found = [(None if width == 1 else str(index), factorize(table[:, index])) for index in range(width)]
    classes = tuple(ClassColumn(name, factors) for name, factors in found if factors is not None)
    return Rows(len(labels), classes=classes) if classes else None


def _with_confidence(rows: Rows | None, confidence: object) -> Rows | None:
    numbers = None if confidence is None else to_floats(confidence)
    if rows is None or numbers is None or numbers.shape != (rows.count,):
        return rows
    return evolve(rows, confidence=(Column(None, numbers, PROBABILITY),))


def _read_probabilities(answer: Probabilities | LogProbabilities, output: Output) -> Rows | None:
    if not _is_one_an_output(answer.values):
        return _read_distribution(answer, None, answer.values, answer.classes, output)
    parts = []
    for index, values in enumerate(answer.values[:MAX_OUTPUTS]):
        classes = None if answer.classes is None else answer.classes[index]
        part = _read_distribution(answer, str(index) if len(answer.values) > 1 else None, values, classes, output)
        if part is not None:
            parts.append(part)
    return _joined(parts) if parts else None


def _is_one_an_output(values: object) -> bool:
    # A list of lists is a matrix, too; only a list of matrices is one an output.
    return isinstance(values, list) and getattr(values[0] if values else None, "ndim", 0) == 2


def _joined(parts: Sequence[Rows]) -> Rows:
    return Rows(
        parts[0].count,
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
    count, layout = len(numbers), unit_layout(output)
    if numbers.ndim == 1:
        numbers = np.stack([1.0 - numbers, numbers], axis=1)
    texts = class_texts(classes, numbers.shape[1])
    # A pass over a column is several times as fast as one along the short axis of a matrix.
    columns = np.ascontiguousarray(numbers.T)
    shown = tuple(
        Column(_full_name(name, text), columns[index], layout) for index, text in shown_classes(texts, output)
    )
    if numbers.size == 0:
        return Rows(count, shown)
    totals = columns.sum(axis=0)
    if not _are_distributions(totals):
        if len(texts) == 2 and output.positive_class is None:
            # Of two labels that stand each by itself, neither says the other.
            shown = tuple(Column(_full_name(name, text), one, layout) for text, one in zip(texts, columns, strict=True))
        return Rows(count, shown)
    codes, confidence = _winners(columns)
    chosen = factorize(answer.labels) if isinstance(answer, Probabilities) and answer.labels is not None else None
    if chosen is None or len(chosen.codes) != count:
        chosen = Factors(codes, tuple(texts))
        unknown = np.isnan(totals)
        if unknown.any():
            chosen = Factors(np.where(unknown, len(texts), codes), (*texts, semconv.MISSING))
    return Rows(count, shown, (ClassColumn(name, chosen),), (Column(name, confidence, PROBABILITY),))


def _full_name(output: str | None, text: str | None) -> str | None:
    return ".".join(part for part in (output, text) if part is not None) or None


def _are_distributions(totals: Floats) -> bool:
    least, most = np.fmin.reduce(totals), np.fmax.reduce(totals)
    return bool(np.isnan(least)) or (is_distribution(float(least)) and is_distribution(float(most)))


def _winners(columns: Floats) -> tuple[Codes, Floats]:
    """Return the place of the largest number of each row and that number, from numbers of shape (classes, rows)."""
    place_type = np.min_scalar_type(len(columns)).type
    codes = np.zeros(columns.shape[1], dtype=place_type)
    best = columns[0].copy()
    for place, column in enumerate(columns[1:], start=1):
        # Later places are larger, so the largest of those that were better once is the winner.
        np.maximum(codes, (column > best) * place_type(place), out=codes)
        np.maximum(best, column, out=best)
    return codes, best


def _named_columns(numbers: Floats, names: Sequence[object] | None, layout: Layout) -> tuple[Column, ...]:
    table = to_table(numbers)
    width = table.shape[1]
    if width == 1:
        return (Column(None, table[:, 0], layout),)
    texts = class_texts(names, width)
    shown = tuple(Column(text, table[:, index], layout) for index, text in enumerate(texts[:MAX_OUTPUTS]))
    rest = table[:, MAX_OUTPUTS:]
    return (*shown, Column(semconv.OTHER, rest, layout)) if rest.size else shown
