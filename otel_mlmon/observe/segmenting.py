"""In which segment each row of a model's calls is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from otel_mlmon import safety, semconv
from otel_mlmon.observe.factorize import Codes
from otel_mlmon.observe.grouping import combinations, read_columns, read_first
from otel_mlmon.observe.segments import Pairs


class Segmenting:
    """Cuts a model's calls by the configured columns of their inputs, and by the context.

    Parameters
    ----------
    model_name
        For messages.
    columns
        Names, or indices from 0.
    """

    def __init__(self, model_name: str, columns: tuple[str | int, ...]) -> None:
        self._model_name = model_name
        self.columns = columns
        self._names = tuple(map(str, columns))

    def of_one(self, inputs: Any, context: Pairs) -> Pairs:
        """Return the segment of inputs of one row."""
        if not self.columns:
            return context
        texts = read_first(inputs, self.columns)
        if None in texts:
            self._warn_of_missing([name for name, text in zip(self._names, texts, strict=True) if text is None])
            texts = [semconv.MISSING if text is None else text for text in texts]
        return (*zip(self._names, texts, strict=True), *self._without_columns(context))  # type: ignore[arg-type]

    def of_rows(self, inputs: Any, count: int, context: Pairs) -> tuple[Codes | None, list[Pairs]]:
        """Return each row's segment as a code, shape (rows,), or None where all are in one; and the segments."""
        if not self.columns:
            return None, [context]
        columns = read_columns(inputs, self.columns, count)
        self._warn_of_missing(columns.unreadable)
        codes, own = combinations(columns.factors)
        also = self._without_columns(context)
        return codes, [(*pairs, *also) for pairs in own]

    def _without_columns(self, context: Pairs) -> Pairs:
        return tuple(pair for pair in context if pair[0] not in self._names) if context else context

    def _warn_of_missing(self, columns: Sequence[str]) -> None:
        for column in columns:
            safety.log_once(
                f"column {self._model_name} {column}",
                "otel-mlmon: model '%s' got no column '%s' with one value a row of its answer: its predictions "
                "count in segment '%s'; see segments.columns in the configuration",
                self._model_name,
                column,
                semconv.MISSING,
            )
