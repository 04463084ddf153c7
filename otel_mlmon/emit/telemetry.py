"""Recorders by metric and attributes, and the moments when what is held back is handed on."""

from __future__ import annotations

import os
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from time import perf_counter_ns
from typing import Protocol

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider, Observation
from opentelemetry.trace import Tracer, TracerProvider

from otel_mlmon import safety, semconv
from otel_mlmon.config.buckets import Layout
from otel_mlmon.emit import sdk
from otel_mlmon.emit.flushing import Flushing
from otel_mlmon.emit.instruments import Instruments, meter_of
from otel_mlmon.emit.recorder import BufferedRecorder, PublicRecorder, Recorder
from otel_mlmon.emit.tap import Tap, tap_of
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


LONGEST_WAIT_BEFORE_FORK = 1.0
"""Seconds; a thread that makes instruments may itself wait for the one that forks."""

EXPORT_TIMEOUT_MILLISECONDS = 5_000
"""Servers that are told to stop have little time left."""


class Telemetry:
    """The way out: one a process, from ``instrument()`` to ``uninstrument()``.

    Parameters
    ----------
    model_info
        Asked for the live models at every collection.
    meter_provider, tracer_provider
        Default: the global ones, also when they are set later.
    reports_own_time
        Whether flushes count as ``ml.monitor.time``.

    Attributes
    ----------
    measuring, tracing
        Whether there was a meter provider, a tracer provider, to report to when last :meth:`connect` looked.
    active
        Either.
    """

    def __init__(
        self,
        model_info: ModelInfo,
        meter_provider: MeterProvider | None = None,
        tracer_provider: TracerProvider | None = None,
        reports_own_time: bool = False,
    ) -> None:
        self._model_info = model_info
        self._reports_own_time = reports_own_time
        self._is_given = meter_provider is not None or tracer_provider is not None
        self._meter_provider = meter_provider
        self._tracer_provider = tracer_provider
        # Plain attributes: every call of every model asks for them.
        self.active = False
        self.measuring = False
        self.tracing = False
        self._tracer: Tracer | None = None
        self._tap: Tap | None = None
        self._met = False
        self._closed = False
        self._buffered = False
        self._making = RLock()
        self._held_for_fork = False
        self._flushing = Flushing()
        self._instruments: Instruments | None = None
        self._recorders: dict[tuple[str, str, Attributes], Recorder] = {}
        self._waiting_rooms: list[WaitingRoom] = []
        self._errors: Counter[tuple[str, str]] = Counter()
        _telemetries.add(self)

    def connect(self) -> bool:
        """Look for the providers that were not there so far, and return :attr:`active`."""
        if not self._is_given and not sdk.a_provider_is_set():
            return False
        if not self._closed:
            with self._making:
                self._connect_meters()
            self.tracing = self._tracer_provider is not None or sdk.tracer_provider_is_set()
            self.active = self.measuring or self.tracing
        return self.active

    @property
    def tracer(self) -> Tracer:
        """The tracer of our scope; to be asked for only while :attr:`tracing`."""
        if self._tracer is None:
            self._tracer = trace.get_tracer(semconv.SCOPE, __version__, self._tracer_provider)
        return self._tracer

    def histogram(self, metric: str, layout: Layout, attributes: Attributes, model: str) -> Recorder:
        """Return the recorder of a histogram's data point; to be asked for only while :attr:`measuring`."""
        key = (metric, layout.name, attributes)
        recorder = self._recorders.get(key)
        if recorder is None:
            instrument = self._made_instruments().histogram(metric, layout)
            new = self._new_recorder(instrument, instrument.record, attributes, model)
            recorder = self._recorders.setdefault(key, new)
        return recorder

    def counter(self, metric: str, attributes: Attributes, model: str) -> Recorder:
        """Return the recorder of a counter's data point; to be asked for only while :attr:`measuring`."""
        key = (metric, "", attributes)
        recorder = self._recorders.get(key)
        if recorder is None:
            instrument = self._made_instruments().counter(metric)
            new = self._new_recorder(instrument, instrument.add, attributes, model)
            recorder = self._recorders.setdefault(key, new)
        return recorder

    def dropped(self, model: str, reason: str, count: int) -> None:
        """Count values of a model that could not be recorded as asked."""
        attributes = {semconv.MODEL_NAME: model, semconv.MONITOR_REASON: reason}
        self._count_public(semconv.MONITOR_DROPPED, attributes, count)

    def error(self, stage: str, error: BaseException) -> None:
        """Count a failure of ours; what fails before there is a provider is counted once there is one."""
        self._errors[stage, type(error).__name__] += 1
        self._report_errors()

    def run_if_free(self, flush: Callable[[], object]) -> None:
        """Run ``flush``, which hands on a part of what is held back, unless somebody flushes now."""
        self._flushing.run_if_free(flush)

    def own_time(self, stage: str, nanoseconds: int) -> None:
        """Count time that we took ourselves."""
        if self.measuring:
            self.counter(semconv.MONITOR_TIME, ((semconv.MONITOR_STAGE, stage),), "").record(nanoseconds * 1e-9)

    def add_waiting_room(self, room: WaitingRoom) -> None:
        """Have somebody else's observations handed on before the recorders' own buffers are."""
        self._waiting_rooms.append(room)

    def flush(self) -> None:
        """Hand all that is held back to the SDK."""
        self._flushing.wait_and_run(self._flush)

    def _flush(self) -> None:
        for room in list(self._waiting_rooms):
            with safety.guard("flush"):
                if not room.empty():
                    self._waiting_rooms.remove(room)
        matches = sdk.Matches()
        for recorder in list(self._recorders.values()):
            if isinstance(recorder, BufferedRecorder):
                with safety.guard("flush"):
                    recorder.flush(matches)

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
        self.active = self.measuring = self.tracing = False

    def observations(self) -> list[Observation]:
        """Return the live models; called before a reader reads, so what is held back gets into its collection."""
        if self._closed:
            return []
        started = perf_counter_ns()
        self.flush()
        if self._reports_own_time:
            self.own_time(semconv.STAGE_FLUSH, perf_counter_ns() - started)
        with safety.guard("model info"):
            return [Observation(1, attributes) for attributes in self._model_info()]
        return []

    def _connect_meters(self) -> None:
        if self._meter_provider is None and sdk.meter_provider_is_set():
            self._meter_provider = metrics.get_meter_provider()
        if self._meter_provider is not None and not self._met:
            self.measuring = self._begin(self._meter_provider) or False
            self._met = True
            self._report_errors()

    def _made_instruments(self) -> Instruments:
        if self._instruments is None:
            message = "recorders are there once a meter provider is"
            raise RuntimeError(message)
        return self._instruments

    @safety.guard("connect")
    def _begin(self, provider: MeterProvider) -> bool:
        if isinstance(meter_of(provider, None), metrics.NoOpMeter):
            return False
        self._instruments = Instruments(provider, self._making)
        self._buffered = sdk.supported()
        self._tap = tap_of(provider)
        self._tap.listen(self)
        return True

    def _report_errors(self) -> None:
        while self.measuring and self._errors:
            (stage, kind), count = self._errors.popitem()
            attributes = {semconv.MONITOR_STAGE: stage, semconv.ERROR_TYPE: kind}
            self._count_public(semconv.MONITOR_ERRORS, attributes, count)

    def _count_public(self, metric: str, attributes: Mapping[str, str], count: int) -> None:
        if self.measuring and self._instruments is not None:
            self._instruments.counter(metric).add(count, attributes)

    def _new_recorder(
        self, instrument: object, record_public: Callable[..., None], attributes: Attributes, model: str
    ) -> Recorder:
        def on_dropped(reason: str, count: int) -> None:
            self.dropped(model, reason, count)

        if self._buffered and sdk.is_sdk(instrument):
            return BufferedRecorder(instrument, record_public, dict(attributes), self._flushing, on_dropped)
        return PublicRecorder(record_public, dict(attributes), on_dropped)

    def before_fork(self) -> None:
        """Wait until no instrument is being made: a child would inherit half of it, and the SDK's locks taken."""
        self._held_for_fork = self._making.acquire(timeout=LONGEST_WAIT_BEFORE_FORK)

    def after_fork(self) -> None:
        """Go on, in the parent."""
        if self._held_for_fork:
            self._making.release()

    def start_anew(self) -> None:
        """Forget all, in a forked child: what there is, the parent counts."""
        self._making = RLock()
        self._flushing.start_anew()
        for room in self._waiting_rooms:
            room.forget()
        for recorder in self._recorders.values():
            if isinstance(recorder, BufferedRecorder):
                recorder.start_anew()
        if self._instruments is not None and self._tap is not None:
            self._instruments.start_anew(self._making)
            instruments = (self._tap.gauge, *self._instruments.all())
            sdk.forget_after_fork(instrument for instrument in instruments if sdk.is_sdk(instrument))


_telemetries: weakref.WeakSet[Telemetry] = weakref.WeakSet()


def _at_fork(step: Callable[[Telemetry], None]) -> Callable[[], None]:
    def run() -> None:
        for telemetry in list(_telemetries):
            with safety.guard("fork"):
                step(telemetry)

    return run


if hasattr(os, "register_at_fork"):
    # A flush is not waited for: what another thread has half done of it, the child throws away, locks and all.
    os.register_at_fork(
        before=_at_fork(Telemetry.before_fork),
        after_in_parent=_at_fork(Telemetry.after_fork),
        after_in_child=_at_fork(Telemetry.start_anew),
    )
