"""Answers of one row, which are most of what a service gives: read without numpy's fixed cost.

What this reads, :mod:`otel_mlmon.observe.rows` reads the same way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from attrs import define

from otel_mlmon.config.schema import Output
from otel_mlmon.observe.answers import Answer, Labels, Probabilities, Scores
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.rows import class_texts, is_distribution, score_layout, shown_classes


@define(eq=False)
class OneRow:
    """All that an answer says about its only row; what it does not say is empty or None."""

    values: Sequence[tuple[str | None, float]] = ()
    label: str | None = None
    confidence: float | None = None


@define(eq=False)
class ClassNames:
    """The names of a model's classes, made once for as long as it has the same."""

    classes: object
    texts: Sequence[str]
    shown: Sequence[tuple[int, str | None]]


class OneRowReader:
    """Reads one-row answers of one operation of one model."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._reads_scores = score_layout(output) is not None and output.activation is None
        self._names: ClassNames | None = None

    def read(self, answer: Answer | None) -> OneRow | None:
        """Return the row; None for any answer that needs a closer look."""
        values = getattr(answer, "values", None)
        if type(values) is not np.ndarray or values.shape[:1] != (1,):
            return None
        if isinstance(answer, Probabilities):
            return self._read_distribution(values[0].tolist(), answer.classes) if values.ndim == 2 else None
        if values.ndim != 1:
            return None
        value = values[0].item() if isinstance(values[0], np.generic) else values[0]
        if isinstance(answer, Labels):
            return OneRow(label=label_text(value)) if isinstance(value, (str, int, float)) else None
        if isinstance(answer, Scores) and self._reads_scores and isinstance(value, (int, float)):
            return OneRow(((None, float(value)),))
        return None

    def _read_distribution(self, row: list[float], classes: Sequence[object] | None) -> OneRow | None:
        names = self._names
        if names is None or names.classes is not classes or len(names.texts) != len(row):
            texts = class_texts(classes, len(row))
            self._names = names = ClassNames(classes, texts, shown_classes(texts, self._output))
        total = sum(row)
        if math.isnan(total) or not is_distribution(total):
            return None
        confidence = max(row)
        values = [(name, row[index]) for index, name in names.shown]
        return OneRow(values, names.texts[row.index(confidence)], confidence)
