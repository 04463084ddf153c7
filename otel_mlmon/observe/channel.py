"""What one operation of one model records, and the recorders it has for that."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

from otel_mlmon import safety, semconv
from otel_mlmon.config.schema import Limits
from otel_mlmon.emit.buckets import DURATION, PROBABILITY, ROWS, Layout
from otel_mlmon.emit.recorder import Recorder
from otel_mlmon.emit.telemetry import Attributes, Telemetry
from otel_mlmon.observe.grouping import ALL_ROWS, Group, combinations, read_columns, split
from otel_mlmon.observe.prediction import Model, Prediction
from otel_mlmon.observe.rows import Rows, read_rows
from otel_mlmon.observe.segments import BoundedValues, Pairs, SegmentTable, current

MAX_KEYS = 16
"""Segment keys a model; they stand in code or in configuration, so more can only be a mistake."""


@frozen
class CallRecorders:
    """Of the metrics of a whole call, in one segment."""

    duration: Recorder
    batch_size: Recorder


class ModelSegments:
    """Segment values and combinations that a model's metrics have so far, shared by its operations."""

    def __init__(self, max_values: int, limits: Limits) -> None:
        self._max_values = max_values
        self._values: dict[str, BoundedValues] = {}
        self.classes = BoundedValues(limits.classes)
        self.of_calls = SegmentTable(self._values_of, limits.combinations)
        self.of_rows = SegmentTable(self._values_of, limits.combinations)

    def _values_of(self, key: str) -> BoundedValues | None:
        known = self._values.get(key)
        if known is None and len(self._values) < MAX_KEYS:
            known = self._values.setdefault(key, BoundedValues(self._max_values))
        return known


@frozen
class Summary:
    """What a span says about an answer; the score and the class only when it has one row."""

    rows: int
    score: float | None = None
    label: str | None = None
    review: bool = False


class Channel:
    """Records the predictions of one model and one of its operations."""

    def __init__(self, model: Model, operation: str, segments: ModelSegments, telemetry: Telemetry) -> None:
        self._model = model
        self._segments = segments
        self._telemetry = telemetry
        version = () if model.version is None else ((semconv.MODEL_VERSION, model.version),)
        self._base: Attributes = ((semconv.MODEL_NAME, model.name), *version, (semconv.OPERATION, operation))
        self._calls: dict[Pairs, CallRecorders] = {}
        self._histograms: dict[tuple[str, str, Pairs, str | None], Recorder] = {}
        self._classes: dict[tuple[Pairs, str | None, str], Recorder] = {}

    def observe(self, prediction: Prediction) -> Summary | None:
        """Record an answered call; the summary is None where the answer could not be read."""
        context = current()
        rows = None
        if prediction.answer is not None:
            rows = read_rows(prediction.answer, self._model.rule.output)
        if not self._telemetry.measuring:
            return None if rows is None else self._summary(rows)
        recorders = self._calls.get(context) or self._new_call_recorders(context)
        recorders.duration.record(prediction.seconds)
        if rows is None:
            self._telemetry.dropped(self._model.name, semconv.DROPPED_UNREADABLE, 1)
            return None
        recorders.batch_size.record(rows.count)
        for group in self._groups(rows, prediction.inputs, context):
            self._record_group(rows, group)
        return self._summary(rows)

    def observe_failure(self, seconds: float, error: BaseException) -> None:
        """Record a call that raised."""
        if self._telemetry.measuring:
            pairs, _ = self._segments.of_calls.resolve(current())
            attributes = (*self._base, (semconv.ERROR_TYPE, type(error).__name__), *_as_attributes(pairs))
            name = self._model.name
            self._telemetry.histogram(semconv.PREDICTION_DURATION, DURATION, attributes, name).record(seconds)

    def _summary(self, rows: Rows) -> Summary:
        below = self._model.rule.output.review_below
        review = below is not None and any(bool((column.numbers < below).any()) for column in rows.confidence)
        if rows.count != 1:
            return Summary(rows.count, review=review)
        score = float(rows.values[0].numbers[0]) if len(rows.values) == 1 else None
        label = rows.classes[0].factors.texts[rows.classes[0].factors.codes[0]] if len(rows.classes) == 1 else None
        return Summary(1, score, label, review)

    def _groups(self, rows: Rows, inputs: Any, context: Pairs) -> list[Group]:
        keys = self._model.rule.segments.columns
        if not keys:
            return self._folded([Group(context, ALL_ROWS, rows.count)])
        columns = read_columns(inputs, keys, rows.count)
        for key in columns.unreadable:
            safety.log_once(
                f"column {self._model.name} {key}",
                "otel-mlmon: model '%s' got no column '%s' with one value a row of its answer: "
                "its predictions count in segment '%s'; see segments.columns in the configuration",
                self._model.name,
                key,
                semconv.MISSING,
            )
        codes, pairs = combinations(columns.factors)
        texts = tuple(map(str, keys))
        also = tuple(pair for pair in context if pair[0] not in texts)
        return self._folded(list(split(codes, [(*own, *also) for own in pairs])))

    def _folded(self, groups: list[Group]) -> list[Group]:
        result = []
        for group in groups:
            pairs, folded = self._segments.of_rows.resolve(group.pairs)
            if folded:
                self._telemetry.dropped(self._model.name, semconv.DROPPED_SEGMENT_OVERFLOW, group.size)
            result.append(Group(pairs, group.rows, group.size))
        return result

    def _record_group(self, rows: Rows, group: Group) -> None:
        for column in rows.values:
            recorder = self._histogram(semconv.PREDICTION_VALUE, rows.layout, group.pairs, column.name)
            recorder.record_many(column.numbers[group.rows].reshape(-1))
        for column in rows.confidence:
            recorder = self._histogram(semconv.PREDICTION_CONFIDENCE, PROBABILITY, group.pairs, column.name)
            recorder.record_many(column.numbers[group.rows])
        for classes in rows.classes:
            texts = classes.factors.texts
            counts = np.bincount(classes.factors.codes[group.rows], minlength=len(texts))
            for code in counts.nonzero()[0].tolist():
                self._class(group.pairs, classes.name, texts[code]).record(int(counts[code]))

    def _histogram(self, metric: str, layout: Layout, pairs: Pairs, name: str | None) -> Recorder:
        key = (metric, layout.name, pairs, name)
        recorder = self._histograms.get(key)
        if recorder is None:
            attributes = (*self._base, *_output(name), *_as_attributes(pairs))
            recorder = self._telemetry.histogram(metric, layout, attributes, self._model.name)
            self._histograms[key] = recorder
        return recorder

    def _class(self, pairs: Pairs, name: str | None, text: str) -> Recorder:
        admitted = self._segments.classes.admit(text)
        key = (pairs, name, admitted)
        recorder = self._classes.get(key)
        if recorder is None:
            predicted = (semconv.PREDICTION_CLASS, admitted)
            attributes = (*self._base, *_output(name), predicted, *_as_attributes(pairs))
            recorder = self._telemetry.counter(semconv.PREDICTIONS, attributes, self._model.name)
            self._classes[key] = recorder
        return recorder

    def _new_call_recorders(self, context: Pairs) -> CallRecorders:
        pairs, folded = self._segments.of_calls.resolve(context)
        attributes = (*self._base, *_as_attributes(pairs))
        name = self._model.name
        recorders = CallRecorders(
            self._telemetry.histogram(semconv.PREDICTION_DURATION, DURATION, attributes, name),
            self._telemetry.histogram(semconv.PREDICTION_BATCH_SIZE, ROWS, attributes, name),
        )
        if not folded:
            self._calls[context] = recorders
        return recorders


def _output(name: str | None) -> Attributes:
    return () if name is None else ((semconv.OUTPUT_NAME, name),)


def _as_attributes(pairs: Pairs) -> Attributes:
    return tuple((semconv.SEGMENT_PREFIX + key, value) for key, value in pairs)
