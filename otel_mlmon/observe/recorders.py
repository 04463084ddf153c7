"""The recorders of one operation of one model, by segment."""

from __future__ import annotations

from otel_mlmon import semconv
from otel_mlmon.config.buckets import DURATION, PROBABILITY, RESULTS, ROWS, Layout
from otel_mlmon.emit.recorder import Recorder
from otel_mlmon.emit.telemetry import Attributes, Telemetry
from otel_mlmon.observe.model_segments import ModelSegments
from otel_mlmon.observe.prediction import Model
from otel_mlmon.observe.segments import Pairs


class Scope:
    """What all data points of one operation of one model have in common."""

    def __init__(self, model: Model, operation: str, segments: ModelSegments, telemetry: Telemetry) -> None:
        version = () if model.version is None else ((semconv.MODEL_VERSION, model.version),)
        self.attributes: Attributes = ((semconv.MODEL_NAME, model.name), *version, (semconv.OPERATION, operation))
        self.model_name = model.name
        self.segments = segments
        self.telemetry = telemetry

    def histogram(self, metric: str, layout: Layout, more: Attributes) -> Recorder:
        """Return the recorder of a histogram's data point."""
        return self.telemetry.histogram(metric, layout, (*self.attributes, *more), self.model_name)

    def counter(self, metric: str, more: Attributes) -> Recorder:
        """Return the recorder of a counter's data point."""
        return self.telemetry.counter(metric, (*self.attributes, *more), self.model_name)

    def dropped(self, reason: str, count: int) -> None:
        """Count values that could not be recorded as asked."""
        self.telemetry.dropped(self.model_name, reason, count)


class CallRecorders:
    """Of the metrics of a whole call, in one segment."""

    def __init__(self, scope: Scope, pairs: Pairs) -> None:
        segments = segment_attributes(pairs)
        self.duration = scope.histogram(semconv.PREDICTION_DURATION, DURATION, segments)
        self.batch_size = scope.histogram(semconv.PREDICTION_BATCH_SIZE, ROWS, segments)


class RowRecorders:
    """Of the metrics of single rows, in one segment; ``name`` is that of one output of several."""

    def __init__(self, scope: Scope, pairs: Pairs) -> None:
        self._scope = scope
        self._segments = segment_attributes(pairs)
        self._values: dict[tuple[str | None, Layout], Recorder] = {}
        self._confidence: dict[str | None, Recorder] = {}
        self._classes: dict[tuple[str | None, str], Recorder] = {}
        self._results: Recorder | None = None
        self._checked: dict[tuple[str, str], Recorder] = {}
        self._measured: dict[str, Recorder] = {}

    def value(self, name: str | None, layout: Layout) -> Recorder:
        """Return where scores and regressions go."""
        recorder = self._values.get((name, layout))
        if recorder is None:
            more = (*_output(name), *self._segments)
            recorder = self._values[(name, layout)] = self._scope.histogram(semconv.PREDICTION_VALUE, layout, more)
        return recorder

    def results(self) -> Recorder:
        """Return where the numbers of results go."""
        if self._results is None:
            self._results = self._scope.histogram(semconv.RESULT_COUNT, RESULTS, self._segments)
        return self._results

    def confidence(self, name: str | None) -> Recorder:
        """Return where the probability of the most probable class goes."""
        recorder = self._confidence.get(name)
        if recorder is None:
            more = (*_output(name), *self._segments)
            recorder = self._scope.histogram(semconv.PREDICTION_CONFIDENCE, PROBABILITY, more)
            self._confidence[name] = recorder
        return recorder

    def predicted(self, name: str | None, label: str) -> Recorder:
        """Return where predictions of a class are counted."""
        recorder = self._classes.get((name, label))
        if recorder is None:
            admitted = self._scope.segments.classes.admit(label)
            more = (*_output(name), (semconv.PREDICTION_CLASS, admitted), *self._segments)
            recorder = self._scope.counter(semconv.PREDICTIONS, more)
            if admitted == label:
                self._classes[(name, label)] = recorder
        return recorder

    def checked(self, check: str, outcome: str) -> Recorder:
        """Return where the outcomes of a quality check are counted."""
        recorder = self._checked.get((check, outcome))
        if recorder is None:
            more = ((semconv.QUALITY_CHECK, check), (semconv.QUALITY_OUTCOME, outcome), *self._segments)
            recorder = self._checked[check, outcome] = self._scope.counter(semconv.QUALITY_CHECKS, more)
        return recorder

    def measured(self, check: str, layout: Layout) -> Recorder:
        """Return where the numbers of a quality check go."""
        recorder = self._measured.get(check)
        if recorder is None:
            more = ((semconv.QUALITY_CHECK, check), *self._segments)
            recorder = self._measured[check] = self._scope.histogram(semconv.QUALITY_VALUE, layout, more)
        return recorder


def _output(name: str | None) -> Attributes:
    return () if name is None else ((semconv.OUTPUT_NAME, name),)


def segment_attributes(pairs: Pairs) -> Attributes:
    """Return segments as attributes of a data point."""
    return tuple((semconv.SEGMENT_PREFIX + key, value) for key, value in pairs)
