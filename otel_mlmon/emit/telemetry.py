"""Instruments made once, recorders handed out by metric and attributes, and the moments when buffers are emptied."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Mapping
from threading import Lock, RLock
from typing import Any, Protocol

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, Counter, Histogram, MeterProvider, Observation
from opentelemetry.trace import Tracer, TracerProvider

from otel_mlmon import safety, semconv
from otel_mlmon.emit import sdk
from otel_mlmon.emit.buckets import Layout
from otel_mlmon.emit.recorder import BufferedRecorder, PublicRecorder, Recorder
from otel_mlmon.version import __version__

Attributes = tuple[tuple[str, str], ...]
"""Attributes of a data point: they are a key, too."""

ModelInfo = Callable[[], Iterable[Mapping[str, str]]]
"""Returns the attributes of every model that is live now."""


class WaitingRoom(Protocol):
    """Holds observations that recorders have not got yet."""

    def empty(self) -> bool:
        """Record them now; false when there will be no more."""

    def forget(self) -> None:
        """Throw them away: in a forked child they are the parent's."""


EXPORT_TIMEOUT_MILLISECONDS = 5_000
"""Servers that are told to stop have little time left."""

_UNITS = {
    semconv.PREDICTION_DURATION: semconv.UNIT_SECONDS,
    semconv.PREDICTION_VALUE: semconv.UNIT_ONE,
    semconv.PREDICTION_CONFIDENCE: semconv.UNIT_ONE,
    semconv.PREDICTION_BATCH_SIZE: semconv.UNIT_ROWS,
    semconv.PREDICTIONS: semconv.UNIT_PREDICTIONS,
    semconv.MONITOR_ERRORS: semconv.UNIT_ERRORS,
    semconv.MONITOR_DROPPED: semconv.UNIT_VALUES,
}

_DESCRIPTIONS = {
    semconv.PREDICTION_DURATION: "Latency of a model call.",
    semconv.PREDICTION_VALUE: "Scores and regressions that the model answered, one a row.",
    semconv.PREDICTION_CONFIDENCE: "Probability of the most probable class.",
    semconv.PREDICTION_BATCH_SIZE: "Rows of an answered call.",
    semconv.PREDICTIONS: "Rows answered, by predicted class.",
    semconv.MONITOR_ERRORS: "Failures of the model instrumentation itself.",
    semconv.MONITOR_DROPPED: "Values that could not be recorded as asked.",
}


class Telemetry:
    """The way out: one a process, from ``instrument()`` to ``uninstrument()``.

    Parameters
    ----------
    model_info
        Asked for the live models at every collection.
    meter_provider, tracer_provider
        Default: the global ones, also when they are set later.
    """

    def __init__(
        self,
        model_info: ModelInfo,
        meter_provider: MeterProvider | None = None,
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        self._model_info = model_info
        self._meter_provider = meter_provider
        self._tracer_provider = tracer_provider
        self._tracer: Tracer | None = None
        self._tracing = tracer_provider is not None
        self._measuring: bool | None = None
        self._tap: _Tap | None = None
        self._closed = False
        self._buffered = False
        self._creating = RLock()
        self._flushing = Lock()
        self._instruments: dict[tuple[str, str], Histogram | Counter] = {}
        self._recorders: dict[tuple[str, str, Attributes], Recorder] = {}
        self._waiting_rooms: list[WaitingRoom] = []
        _telemetries.add(self)

    @property
    def measuring(self) -> bool:
        """Whether there is a meter provider to report to; costs next to nothing."""
        return self._connect() if self._measuring is None else self._measuring

    @property
    def tracing(self) -> bool:
        """Whether there is a tracer provider to report to."""
        if not self._tracing and not self._closed:
            self._tracing = sdk.tracer_provider_is_set()
        return self._tracing

    @property
    def tracer(self) -> Tracer:
        """The tracer of our scope; to be asked for only while :attr:`tracing`."""
        if self._tracer is None:
            self._tracer = trace.get_tracer(semconv.SCOPE, __version__, self._tracer_provider)
        return self._tracer

    def histogram(self, metric: str, layout: Layout, attributes: Attributes, model: str) -> Recorder:
        """Return the recorder of a histogram's data point, with the boundaries of ``layout``."""
        return self._recorder(metric, layout, attributes, model)

    def counter(self, metric: str, attributes: Attributes, model: str) -> Recorder:
        """Return the recorder of a counter's data point."""
        return self._recorder(metric, None, attributes, model)

    def dropped(self, model: str, reason: str, count: int) -> None:
        """Count values of a model that could not be recorded as asked."""
        attributes = {semconv.MODEL_NAME: model, semconv.MONITOR_REASON: reason}
        self._count_public(semconv.MONITOR_DROPPED, attributes, count)

    def error(self, stage: str, error: BaseException) -> None:
        """Count a failure of ours."""
        attributes = {semconv.MONITOR_STAGE: stage, semconv.ERROR_TYPE: type(error).__name__}
        self._count_public(semconv.MONITOR_ERRORS, attributes, 1)

    def add_waiting_room(self, room: WaitingRoom) -> None:
        """Have somebody else's observations handed on before the recorders' own buffers are."""
        self._waiting_rooms.append(room)

    def flush(self) -> None:
        """Hand all that is held back to the SDK."""
        with self._flushing:
            for room in list(self._waiting_rooms):
                with safety.guard("flush"):
                    if not room.empty():
                        self._waiting_rooms.remove(room)
            for recorder in list(self._recorders.values()):
                if isinstance(recorder, BufferedRecorder):
                    with safety.guard("flush"):
                        recorder.flush()

    def flush_if_free(self, empty: Callable[[], object]) -> None:
        """Run ``empty`` as a part of flushing, unless somebody flushes already: it gets its turn later."""
        if self._flushing.acquire(blocking=False):
            try:
                empty()
            finally:
                self._flushing.release()

    def export(self) -> None:
        """Export now all that the process has, for its end is near."""
        tracers = self._tracer_provider if self._tracer_provider is not None else trace.get_tracer_provider()
        for provider in (self._meter_provider, tracers):
            force_flush = getattr(provider, "force_flush", None)
            if force_flush is not None:
                force_flush(EXPORT_TIMEOUT_MILLISECONDS)

    def close(self) -> None:
        """Hand on what is held back and report nothing more."""
        self.flush()
        self._closed = True
        self._measuring = self._tracing = False

    def observations(self) -> list[Observation]:
        """Return the live models; called before a reader reads, so what is held back gets into its collection."""
        if self._closed:
            return []
        self.flush()
        with safety.guard("model info"):
            return [Observation(1, attributes) for attributes in self._model_info()]
        return []

    def _connect(self) -> bool:
        if self._meter_provider is None:
            if not sdk.provider_is_set():
                return False
            self._meter_provider = metrics.get_meter_provider()
        with self._creating:
            if self._measuring is None:
                self._measuring = self._begin(self._meter_provider) or False
        return self._measuring

    @safety.guard("connect")
    def _begin(self, provider: MeterProvider) -> bool:
        meter = self._meter(None)
        if isinstance(meter, metrics.NoOpMeter):
            return False
        self._buffered = sdk.supported()
        self._tap = _tap_of(provider, meter)
        self._tap.telemetry = weakref.ref(self)
        return True

    def _count_public(self, metric: str, attributes: Mapping[str, str], count: int) -> None:
        if self.measuring and not self._closed:
            with self._creating:
                counter = self._instrument(metric, None)
            if isinstance(counter, Counter):
                counter.add(count, attributes)

    def _meter(self, layout: Layout | None) -> metrics.Meter:
        attributes = {} if layout is None else {semconv.BUCKET_LAYOUT: layout.name}
        return metrics.get_meter(semconv.SCOPE, __version__, self._meter_provider, attributes=attributes)

    def _recorder(self, metric: str, layout: Layout | None, attributes: Attributes, model: str) -> Recorder:
        key = (metric, "" if layout is None else layout.name, attributes)
        recorder = self._recorders.get(key)
        if recorder is None:
            with self._creating:
                recorder = self._recorders.setdefault(key, self._new_recorder(metric, layout, attributes, model))
        return recorder

    def _new_recorder(self, metric: str, layout: Layout | None, attributes: Attributes, model: str) -> Recorder:
        instrument = self._instrument(metric, layout)
        public = instrument.record if isinstance(instrument, Histogram) else instrument.add

        def on_dropped(reason: str, count: int) -> None:
            self.dropped(model, reason, count)

        if self._buffered and sdk.is_sdk(instrument):
            return BufferedRecorder(instrument, public, dict(attributes), self._flushing, on_dropped)
        return PublicRecorder(public, dict(attributes), on_dropped)

    def _instrument(self, metric: str, layout: Layout | None) -> Histogram | Counter:
        key = (metric, "" if layout is None else layout.name)
        instrument = self._instruments.get(key)
        if instrument is None:
            unit, description = _UNITS[metric], _DESCRIPTIONS[metric]
            meter = self._meter(layout)
            if layout is None:
                instrument = meter.create_counter(metric, unit, description)
            else:
                instrument = meter.create_histogram(
                    metric, unit, description, explicit_bucket_boundaries_advisory=layout.boundaries
                )
            self._instruments[key] = instrument
        return instrument

    def start_anew(self) -> None:
        """Forget all, in a forked child: what there is, the parent counts."""
        self._creating = RLock()
        self._flushing = Lock()
        for room in self._waiting_rooms:
            room.forget()
        for recorder in self._recorders.values():
            if isinstance(recorder, BufferedRecorder):
                recorder.start_anew(self._flushing)
        sdk.forget_after_fork(self._of_sdk())

    def _of_sdk(self) -> list[Any]:
        gauge = [] if self._tap is None else [self._tap.gauge]
        return [instrument for instrument in (*gauge, *self._instruments.values()) if sdk.is_sdk(instrument)]


class _Tap:
    """The callback that a meter provider keeps for ever, while telemetries come and go."""

    def __init__(self) -> None:
        self.telemetry: Callable[[], Telemetry | None] = _nobody
        self.gauge: object = None

    def __call__(self, _options: CallbackOptions) -> Iterable[Observation]:
        telemetry = self.telemetry()
        return [] if telemetry is None else telemetry.observations()


def _nobody() -> None:
    return None


def _tap_of(provider: MeterProvider, meter: metrics.Meter) -> _Tap:
    tap = _taps.get(provider)
    if tap is None:
        tap = _taps.setdefault(provider, _Tap())
        tap.gauge = meter.create_observable_gauge(
            semconv.MODEL_INFO,
            callbacks=[tap],
            unit=semconv.UNIT_MODELS,
            description="Always 1: the attributes say which model is live.",
        )
    return tap


_taps: weakref.WeakKeyDictionary[MeterProvider, _Tap] = weakref.WeakKeyDictionary()
_telemetries: weakref.WeakSet[Telemetry] = weakref.WeakSet()


def _start_anew_in_child() -> None:
    # Nothing is held before a fork: whatever another thread has half done then, the child throws away, locks and all.
    for telemetry in list(_telemetries):
        with safety.guard("fork"):
            telemetry.start_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew_in_child)
