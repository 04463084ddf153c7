"""What one operation of one model records of each call."""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any

from attrs import evolve
from opentelemetry.context import Context, get_current

from otel_mlmon import semconv
from otel_mlmon.emit.buckets import DURATION
from otel_mlmon.emit.recorder import Recorder
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.observe.grouping import Partition, partition, whole
from otel_mlmon.observe.model_segments import ModelSegments
from otel_mlmon.observe.prediction import Model, Prediction
from otel_mlmon.observe.recorders import CallRecorders, RowRecorders, Scope, segment_attributes
from otel_mlmon.observe.recording import record_rows
from otel_mlmon.observe.rows import Rows, read_rows
from otel_mlmon.observe.segmenting import Segmenting
from otel_mlmon.observe.segments import Pairs, current

NANOSECONDS_BETWEEN_LOOKS = 1_000_000_000
"""How often a call of one row is looked at by itself: it may be an exemplar, and a provider may have been set."""


class Channel:
    """Records the predictions of one model, by whatever objects it is present, and one of its operations.

    Attributes
    ----------
    next_look
        When, on the clock of ``perf_counter_ns``, a call should be observed here rather than wait with others.
    """

    def __init__(self, model: Model, operation: str, segments: ModelSegments, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self.output = model.rule.output
        self.segmenting = Segmenting(model.name, model.rule.segments.columns)
        self._scope = Scope(model, operation, segments, telemetry)
        self._calls: dict[Pairs, CallRecorders] = {}
        self._rows: dict[Pairs, RowRecorders] = {}
        self.next_look = 0

    def observe(self, prediction: Prediction) -> Rows | None:
        """Record an answered call, and return the answer as it was read; None where it could not be."""
        rows = None if prediction.answer is None else read_rows(prediction.answer, self.output)
        # Providers may have been set since the last call that came this way.
        if self.telemetry.connect() and self.telemetry.measuring:
            self._record(rows, prediction)
        return rows

    def observe_failure(self, seconds: float, error: BaseException) -> None:
        """Record a call that raised."""
        if self.telemetry.connect() and self.telemetry.measuring:
            pairs, _ = self._scope.segments.of_calls.resolve(current())
            more = ((semconv.ERROR_TYPE, type(error).__name__), *segment_attributes(pairs))
            self._scope.histogram(semconv.PREDICTION_DURATION, DURATION, more).record(seconds)

    def call_recorders(self, context: Pairs) -> CallRecorders:
        """Return the recorders of calls in a context."""
        recorders = self._calls.get(context)
        if recorders is None:
            pairs, folded = self._scope.segments.of_calls.resolve(context)
            recorders = CallRecorders(self._scope, pairs)
            if not folded:
                self._calls[context] = recorders
        return recorders

    def row_recorders(self, pairs: Pairs, count: int) -> RowRecorders:
        """Return the recorders of ``count`` rows in a segment."""
        recorders = self._rows.get(pairs)
        if recorders is None:
            resolved, folded = self._scope.segments.of_rows.resolve(pairs)
            if folded:
                self._scope.dropped(semconv.DROPPED_SEGMENT_OVERFLOW, count)
            recorders = self._rows.get(resolved)
            if recorders is None:
                recorders = self._rows[resolved] = RowRecorders(self._scope, resolved)
        return recorders

    def has_own_recorders(self, pairs: Pairs, context: Pairs) -> bool:
        """Tell whether a segment and a context are recorded as they are, with nothing folded."""
        return pairs in self._rows and context in self._calls

    def _record(self, rows: Rows | None, prediction: Prediction) -> None:
        context = current()
        calls = self.call_recorders(context)
        traced = self._context_of_exemplar()
        _record_one(calls.duration, prediction.seconds, traced)
        if rows is None:
            self._scope.dropped(semconv.DROPPED_UNREADABLE, 1)
            return
        calls.batch_size.record(rows.count)
        if rows.count == 0:
            return
        parts = self._partition(rows.count, prediction.inputs, context)
        if traced is not None and rows.count == 1:
            for column in rows.values:
                for value in column.numbers.reshape(-1).tolist():
                    parts.members[0].value(column.name, rows.layout).record_exemplar(value, traced)
            rows = evolve(rows, values=())
        record_rows(rows, parts)

    def _partition(self, count: int, inputs: Any, context: Pairs) -> Partition[RowRecorders]:
        codes, segments = self.segmenting.of_rows(inputs, count, context)
        if codes is None:
            return whole(self.row_recorders(segments[0], count), count)
        return partition(codes, len(segments), lambda code, rows: self.row_recorders(segments[code], rows))

    def _context_of_exemplar(self) -> Context | None:
        # An exemplar goes through the slow public call: one a second is enough to get from a graph to a trace.
        now = perf_counter_ns()
        if now < self.next_look:
            return None
        self.next_look = now + NANOSECONDS_BETWEEN_LOOKS
        return get_current() if self.telemetry.tracing else None


def _record_one(recorder: Recorder, value: float, traced: Context | None) -> None:
    if traced is None:
        recorder.record(value)
    else:
        recorder.record_exemplar(value, traced)
