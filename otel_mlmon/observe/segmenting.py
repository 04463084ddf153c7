"""In which segment each row of a model's calls is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from otel_mlmon import safety, semconv
from otel_mlmon.config.segments import Segments
from otel_mlmon.observe.call_wide import call_wide
from otel_mlmon.observe.cut_columns import CutColumn, cut_columns, same
from otel_mlmon.observe.factorize import Codes
from otel_mlmon.observe.grouping import combinations
from otel_mlmon.observe.segments import Pairs
from otel_mlmon.observe.told_segments import ToldSegments


class Segmenting:
    """Cuts a model's calls by what is configured of their inputs, and by the context.

    Parameters
    ----------
    model_name
        For messages.
    segments
        As configured.

    Attributes
    ----------
    call_wide
        Returns the segments of the running call.
    cuts_rows
        Whether rows of a call may be in different segments.
    asks
        Whether a function is asked about each call.
    """

    def __init__(self, model_name: str, segments: Segments) -> None:
        self._model_name = model_name
        self._columns = cut_columns(segments)
        self._names = tuple(column.name for column in self._columns)
        self._told = None if segments.call is None else ToldSegments(segments, self._names)
        self.call_wide = call_wide(segments)
        self.asks = self._told is not None
        self.cuts_rows = self.asks or bool(self._columns)

    def of_one(self, inputs: Any, context: Pairs) -> Pairs:
        """Return the segment of inputs of one row, where no function is asked."""
        if not self._columns:
            return context
        pairs = []
        for column in self._columns:
            text = column.of_one(inputs)
            if text is None:
                self._warn_of_missing(column)
                text = semconv.MISSING
            pairs.append((column.name, text))
        return (*pairs, *_without(self._names, context))

    def of_rows(self, inputs: Any, count: int, context: Pairs) -> tuple[Codes | None, list[Pairs]]:
        """Return each row's segment as a code, shape (rows,), or None where all are in one; and the segments."""
        factors = []
        for column in self._columns:
            found = column.of_rows(inputs, count)
            if found is None:
                self._warn_of_missing(column)
                found = same(semconv.MISSING, count)
            factors.append((column.name, found))
        if self._told is not None:
            factors += self._told.of_rows(inputs, count)
        if not factors:
            return None, [context]
        codes, own = combinations(tuple(factors))
        also = _without([name for name, _ in factors], context)
        return codes, [(*pairs, *also) for pairs in own]

    def _warn_of_missing(self, column: CutColumn) -> None:
        safety.log_once(
            f"column {self._model_name} {column.name}",
            "otel-mlmon: model '%s' got no column '%s' with one value a row of its answer: its predictions "
            "count in segment '%s'; see segments.columns in the configuration",
            self._model_name,
            column.name,
            semconv.MISSING,
        )


def _without(names: Sequence[str], context: Pairs) -> Pairs:
    return tuple(pair for pair in context if pair[0] not in names) if context else context
