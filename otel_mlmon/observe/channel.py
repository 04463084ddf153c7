"""What one operation of one model records of each call."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns

from attrs import define, evolve, field
from opentelemetry.context import Context, get_current

from otel_mlmon import semconv
from otel_mlmon.config.buckets import DURATION
from otel_mlmon.config.schema import ModelRule
from otel_mlmon.emit.recorder import Recorder
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.observe.answers import Answer, OneOutput
from otel_mlmon.observe.blocks import MAX_ROWS, blocks
from otel_mlmon.observe.checks.evidence import Evidence
from otel_mlmon.observe.checks.model_checks import ModelChecks
from otel_mlmon.observe.context import said
from otel_mlmon.observe.factorize import Codes
from otel_mlmon.observe.grouping import Partition, partition, whole
from otel_mlmon.observe.inputs.model_inputs import ModelInputs
from otel_mlmon.observe.model_segments import ModelSegments
from otel_mlmon.observe.prediction import Model, Prediction
from otel_mlmon.observe.recorders import CallRecorders, RowRecorders, Scope, segment_attributes
from otel_mlmon.observe.recording import record_rows
from otel_mlmon.observe.review import ReviewSample
from otel_mlmon.observe.rows import Rows, read_rows
from otel_mlmon.observe.segmenting import Segmenting
from otel_mlmon.observe.segments import Pairs
from otel_mlmon.observe.summary import Summary, summarise

NANOSECONDS_BETWEEN_LOOKS = 1_000_000_000
"""How often a call of one row is looked at by itself: it may be an exemplar, and a provider may have been set."""


@define(eq=False)
class Recording:
    """A call that is being recorded, part by part.

    Attributes
    ----------
    total
        Rows of the whole call; None where its only part tells.
    failed
        Names of the checks that it failed so far.
    rows
        Of the whole call: each row's segment as a code, or None where all are in one; and the segments.
    """

    prediction: Prediction
    context: Pairs
    traced: Context | None
    calls: CallRecorders
    total: int | None
    failed: list[str] = field(factory=list)
    rows: tuple[Codes | None, list[Pairs]] | None = None


class Channel:
    """Records the predictions of one model, by whatever objects it is present, and one of its operations.

    Attributes
    ----------
    inputs
        What is watched of the calls' inputs; None where nothing is.
    next_look
        When, on the clock of ``perf_counter_ns``, a call should be observed here rather than wait with others.
    """

    def __init__(
        self,
        model: Model,
        operation: str,
        segments: ModelSegments,
        telemetry: Telemetry,
        models: Sequence[ModelRule] = (),
    ) -> None:
        self.telemetry = telemetry
        self.output = model.rule.output
        self.segmenting = Segmenting(model.name, model.rule.segments)
        self._call_wide = self.segmenting.call_wide
        self._scope = Scope(model, operation, segments, telemetry)
        self._calls: dict[Pairs, CallRecorders] = {}
        self._rows: dict[Pairs, RowRecorders] = {}
        self.checks = ModelChecks(model.name, operation, model.rule, models, self._whole_call, self._skipped)
        self.inputs = ModelInputs(self._scope, model.rule.inputs, self._call_wide) if model.rule.inputs else None
        review = model.rule.review
        self._review = None if review.file is None else ReviewSample(model, operation, review)
        self.next_look = 0

    @property
    def can_wait(self) -> bool:
        """Whether answers may wait to be read together: nobody needs their inputs, or what was said of their calls."""
        return self._review is None and not self.checks.need_calls and not self.segmenting.asks

    def observe(self, prediction: Prediction) -> Summary | None:
        """Record an answered call, and return what a span says of it; None where the answer could not be read."""
        parts = () if prediction.answer is None else blocks(prediction.answer)
        # Providers may have been set since the last call that came this way.
        recording = self._begin(prediction, parts) if self.telemetry.connect() and self.telemetry.measuring else None
        summary: Summary | None = None
        for number, part in enumerate(parts):
            rows = read_rows(part, self.output)
            if rows is not None:
                found = summarise(rows, self.output)
                summary = found if summary is None else summary.joined(found)
                if recording is not None and rows.count:
                    self._record(rows, recording, number * MAX_ROWS)
            elif recording is not None:
                self._scope.dropped(semconv.DROPPED_UNREADABLE, 1)
        if recording is not None:
            if summary is not None:
                recording.calls.batch_size.record(summary.rows)
            elif self.checks.are_any:
                recording.failed += self.checks.look(self._evidence(None, recording), self._whole_call(1))
        return summary if summary is None or recording is None else summary.with_failed(recording.failed)

    def observe_failure(self, seconds: float, error_type: str) -> None:
        """Record a call that failed."""
        if self.telemetry.connect() and self.telemetry.measuring:
            pairs, _ = self._scope.segments.of_calls.resolve(self._call_wide())
            kind = self._scope.segments.error_types.admit(error_type)
            more = ((semconv.ERROR_TYPE, kind), *segment_attributes(pairs))
            self._scope.histogram(semconv.PREDICTION_DURATION, DURATION, more).record(seconds)

    def observe_first_piece(self, took: int) -> None:
        """Record how many nanoseconds a streamed answer took to begin."""
        if self.telemetry.connect() and self.telemetry.measuring:
            pairs, _ = self._scope.segments.of_calls.resolve(self._call_wide())
            recorder = self._scope.histogram(semconv.TIME_TO_FIRST, DURATION, segment_attributes(pairs))
            recorder.record(took * 1e-9)

    def dropped_pieces(self, count: int) -> None:
        """Count pieces of a streamed answer that could not be kept until its end."""
        self._scope.dropped(semconv.DROPPED_STREAM, count)

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
            if not folded:
                # The same in another order.
                self._rows[pairs] = recorders
        return recorders

    def has_own_recorders(self, pairs: Pairs, context: Pairs) -> bool:
        """Tell whether a segment and a context are recorded as they are, with nothing folded."""
        return pairs in self._rows and context in self._calls

    def _begin(self, prediction: Prediction, parts: Sequence[Answer]) -> Recording:
        context = self._call_wide()
        traced = self._context_of_exemplar()
        calls = self.call_recorders(context)
        _record_one(calls.duration, prediction.seconds, traced)
        total = None if len(parts) < 2 else sum(len(part.values) for part in parts if isinstance(part, OneOutput))
        return Recording(prediction, context, traced, calls, total)

    def _record(self, rows: Rows, recording: Recording, start: int) -> None:
        parts = self._partition(rows.count, recording, start)
        if recording.traced is not None and rows.count == 1:
            for column in rows.values:
                for value in column.present().tolist():
                    parts.members[0].value(column.name, column.layout).record_exemplar(value, recording.traced)
            record_rows(evolve(rows, values=()), parts)
        else:
            record_rows(rows, parts)
        if self.checks.are_any:
            evidence = self._evidence(rows, recording)
            # Of a part of a call, its inputs are not.
            look = self.checks.look if recording.total is None else self.checks.look_at_rows
            failed = look(evidence, parts)
            recording.failed += failed
            if self._review is not None and recording.total is None:
                self._review.keep(evidence, failed)

    def _evidence(self, rows: Rows | None, recording: Recording) -> Evidence:
        call = recording.prediction
        return Evidence(
            rows=rows,
            answer=call.returned,
            inputs=call.inputs,
            seconds=call.seconds,
            said=said(),
            segments=dict(recording.context),
            ask=call.ask,
            traced=get_current() if self.telemetry.tracing else None,
        )

    def _whole_call(self, count: int) -> Partition[RowRecorders]:
        return whole(self.row_recorders(self._call_wide(), count), count)

    def _skipped(self, check: str, count: int) -> None:
        self._scope.counter(semconv.QUALITY_SKIPPED, ((semconv.QUALITY_CHECK, check),)).record(count)

    def _partition(self, count: int, recording: Recording, start: int) -> Partition[RowRecorders]:
        if recording.rows is None:
            total = count if recording.total is None else recording.total
            recording.rows = self.segmenting.of_rows(recording.prediction.inputs, total, recording.context)
        codes, segments = recording.rows
        if codes is None:
            return whole(self.row_recorders(segments[0], count), count)
        part = codes[start : start + count]
        return partition(part, len(segments), lambda code, rows: self.row_recorders(segments[code], rows))

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
