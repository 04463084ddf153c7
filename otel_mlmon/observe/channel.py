"""What one operation of one model records of each call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic
from typing import Any

import numpy as np
from opentelemetry.context import Context, get_current

from otel_mlmon import safety, semconv
from otel_mlmon.emit.buckets import DURATION
from otel_mlmon.emit.recorder import Recorder
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.observe.grouping import ALL_ROWS, Group, combinations, read_columns, read_first, split
from otel_mlmon.observe.model_segments import ModelSegments
from otel_mlmon.observe.one_row import OneRow, OneRowReader
from otel_mlmon.observe.prediction import Model, Prediction
from otel_mlmon.observe.recorders import CallRecorders, RowRecorders, Scope, segment_attributes
from otel_mlmon.observe.rows import Rows, read_rows
from otel_mlmon.observe.segments import Pairs, current

SECONDS_BETWEEN_EXEMPLARS = 1.0

Observed = OneRow | Rows
"""An answer as it was read."""


class Channel:
    """Records the predictions of one model and one of its operations."""

    def __init__(self, model: Model, operation: str, segments: ModelSegments, telemetry: Telemetry) -> None:
        self._model = model
        self._telemetry = telemetry
        self._scope = Scope(model, operation, segments, telemetry)
        self._columns = model.rule.segments.columns
        self._column_names = tuple(map(str, self._columns))
        self._one_row = OneRowReader(model.rule.output)
        self._calls: dict[Pairs, CallRecorders] = {}
        self._rows: dict[Pairs, RowRecorders] = {}
        self._next_exemplar = 0.0

    def observe(self, prediction: Prediction) -> Observed | None:
        """Record an answered call, and return the answer as it was read; None where it could not be."""
        row = self._one_row.read(prediction.answer)
        if row is not None:
            if self._telemetry.measuring:
                self._record_one(row, prediction)
            return row
        rows = None if prediction.answer is None else read_rows(prediction.answer, self._model.rule.output)
        if self._telemetry.measuring:
            self._record_rows(rows, prediction)
        return rows

    def observe_failure(self, seconds: float, error: BaseException) -> None:
        """Record a call that raised."""
        if self._telemetry.measuring:
            pairs, _ = self._scope.segments.of_calls.resolve(current())
            more = ((semconv.ERROR_TYPE, type(error).__name__), *segment_attributes(pairs))
            self._scope.histogram(semconv.PREDICTION_DURATION, DURATION, more).record(seconds)

    def _record_one(self, row: OneRow, prediction: Prediction) -> None:
        segments = current()
        recorders = self._row_recorders(self._pairs_of_one(prediction.inputs, segments), 1)
        traced = self._record_call(prediction.seconds, 1, segments)
        for name, value in row.values:
            _record(recorders.value(name, row.layout), value, traced)
        if row.confidence is not None:
            recorders.confidence(None).record(row.confidence)
        if row.label is not None:
            recorders.predicted(None, row.label).record(1)

    def _record_rows(self, rows: Rows | None, prediction: Prediction) -> None:
        segments = current()
        self._record_call(prediction.seconds, None if rows is None else rows.count, segments)
        if rows is None:
            self._scope.dropped(semconv.DROPPED_UNREADABLE, 1)
            return
        for group in self._groups(rows.count, prediction.inputs, segments):
            self._record_group(rows, group, self._row_recorders(group.pairs, group.size))

    def _record_call(self, seconds: float, rows: int | None, segments: Pairs) -> Context | None:
        recorders = self._calls.get(segments)
        if recorders is None:
            pairs, folded = self._scope.segments.of_calls.resolve(segments)
            recorders = CallRecorders(self._scope, pairs)
            if not folded:
                self._calls[segments] = recorders
        traced = self._context_of_exemplar()
        _record(recorders.duration, seconds, traced)
        if rows is not None:
            recorders.batch_size.record(rows)
        return traced

    def _record_group(self, rows: Rows, group: Group, recorders: RowRecorders) -> None:
        for column in rows.values:
            recorders.value(column.name, rows.layout).record_many(column.numbers[group.rows].reshape(-1))
        for column in rows.confidence:
            recorders.confidence(column.name).record_many(column.numbers[group.rows])
        for classes in rows.classes:
            texts = classes.factors.texts
            counts = np.bincount(classes.factors.codes[group.rows], minlength=len(texts))
            for code in counts.nonzero()[0].tolist():
                recorders.predicted(classes.name, texts[code]).record(int(counts[code]))

    def _row_recorders(self, pairs: Pairs, count: int) -> RowRecorders:
        recorders = self._rows.get(pairs)
        if recorders is None:
            resolved, folded = self._scope.segments.of_rows.resolve(pairs)
            if folded:
                self._scope.dropped(semconv.DROPPED_SEGMENT_OVERFLOW, count)
            recorders = self._rows.get(resolved)
            if recorders is None:
                recorders = self._rows[resolved] = RowRecorders(self._scope, resolved)
        return recorders

    def _pairs_of_one(self, inputs: Any, segments: Pairs) -> Pairs:
        if not self._columns:
            return segments
        texts = read_first(inputs, self._columns)
        self._warn_of_missing([name for name, text in zip(self._column_names, texts, strict=True) if text is None])
        own = ((name, text or semconv.MISSING) for name, text in zip(self._column_names, texts, strict=True))
        return (*own, *self._without_columns(segments))

    def _groups(self, count: int, inputs: Any, segments: Pairs) -> Iterable[Group]:
        if not self._columns:
            return [Group(segments, ALL_ROWS, count)]
        columns = read_columns(inputs, self._columns, count)
        self._warn_of_missing(columns.unreadable)
        codes, own = combinations(columns.factors)
        also = self._without_columns(segments)
        return split(codes, [(*pairs, *also) for pairs in own])

    def _without_columns(self, segments: Pairs) -> Pairs:
        return tuple(pair for pair in segments if pair[0] not in self._column_names)

    def _warn_of_missing(self, columns: Sequence[str]) -> None:
        for column in columns:
            safety.log_once(
                f"column {self._model.name} {column}",
                "otel-mlmon: model '%s' got no column '%s' with one value a row of its answer: its predictions "
                "count in segment '%s'; see segments.columns in the configuration",
                self._model.name,
                column,
                semconv.MISSING,
            )

    def _context_of_exemplar(self) -> Context | None:
        # An exemplar goes through the slow public call: one a second is enough to get from a graph to a trace.
        if not self._telemetry.tracing:
            return None
        now = monotonic()
        if now < self._next_exemplar:
            return None
        self._next_exemplar = now + SECONDS_BETWEEN_EXEMPLARS
        return get_current()


def _record(recorder: Recorder, value: float, traced: Context | None) -> None:
    if traced is None:
        recorder.record(value)
    else:
        recorder.record_exemplar(value, traced)
