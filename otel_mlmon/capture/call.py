"""The call engine: what stands around every hooked function."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Endpoint, Hook, Loader
from otel_mlmon.capture.around import around_any, around_callback, around_fulfilment
from otel_mlmon.capture.compiling import unless_compiling
from otel_mlmon.capture.inside import Around, Method, inside, is_suspending, quiet
from otel_mlmon.capture.loading import around_loader
from otel_mlmon.capture.models import LiveModels
from otel_mlmon.capture.naming import WeakIdentityMap
from otel_mlmon.capture.observer import Observer
from otel_mlmon.capture.own_time import timed
from otel_mlmon.capture.progress import Begin, CallInProgress
from otel_mlmon.config.schema import Configuration, Spans
from otel_mlmon.emit.spans import open_span
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.safety import guard, report

FirstCall = Callable[[Any], Observer | None]
"""Finds out about a model object at its first call; None where that failed."""


class Engine:
    """Makes the functions that stand around hooked ones; they do nothing once it is closed.

    Parameters
    ----------
    record_own_time
        Takes the nanoseconds that each call costs beside the model's; None where nobody asked.
    """

    def __init__(
        self,
        models: LiveModels,
        telemetry: Telemetry,
        spans: Spans,
        record_own_time: Callable[[int], None] | None = None,
    ) -> None:
        self._models = models
        self._telemetry = telemetry
        self._spans = spans
        self._record_own_time = record_own_time
        self._observers: list[WeakIdentityMap[Observer]] = []
        self.closed = False

    def close(self) -> None:
        """Let calls through untouched: a bound method that somebody kept may outlive the patch."""
        self.closed = True

    def around(self, hook: Hook, adapter: Adapter) -> Around:
        """Return what stands around a hook's target."""
        if hook.trains:
            return self._around_training
        if hook.fulfils:
            around = around_fulfilment(hook)
        else:
            around = quiet if hook.quiet else self._around_prediction(hook, adapter)
        around = around if self._record_own_time is None else timed(around, self._record_own_time)
        return around if hook.compiling is None else unless_compiling(around, hook.compiling(), self)

    def around_loader(self, loader: Loader) -> Around:
        """Return what stands around a function that loads models."""
        return around_loader(loader, self.forget, lambda: not self.closed)

    def reconfigure(self, configuration: Configuration) -> None:
        """Hold to another configuration of the models from their next call on."""
        self._models.reconfigure(configuration)
        for observers in self._observers:
            observers.entries.clear()

    def forget(self, instance: Any) -> None:
        """Forget what is known of an object: a model may be loaded into one that has been another model."""
        self._models.forget(instance)
        for observers in self._observers:
            observers.remove(instance)

    @guard("exit")
    def export(self) -> None:
        """Export now all that was answered until now, for the process is about to end."""
        if not self.closed:
            self._telemetry.export()

    def _around_training(self, original: Method) -> Method:
        begin_anew = guard("training")(self._models.begin_anew)
        train = quiet(original)

        def train_call(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
            try:
                return train(instance, *args, **kwargs)
            finally:
                begin_anew(instance)

        return train_call

    def begin(self, hook: Hook, adapter: Adapter) -> Begin:
        """Return what begins the calls of a hook, whatever kind of function it is."""
        telemetry, spans = self._telemetry, self._spans
        observers, first_call = self._finding(hook, adapter)
        quiet_call = CallInProgress(None, None, (), {}, None)

        def begin(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallInProgress | None:
            if self.closed or inside.get() or not (telemetry.active or telemetry.connect()):
                return None
            if hook.when is not None and not hook.when(instance, args, kwargs):
                return quiet_call
            model = instance if hook.model is None else hook.model(instance, args, kwargs)
            if isinstance(model, Endpoint):
                model = self._models.stand_in(model)
            if model is None:
                return None
            observer = observers.get(model) or first_call(model)
            if observer is None:
                return quiet_call
            span = None
            if spans is not Spans.OFF and telemetry.tracing:
                span = open_span(telemetry, spans, observer.live.model, hook.operation)
            return CallInProgress(observer, model, args, kwargs, span)

        return guard("begin")(begin)

    def _finding(self, hook: Hook, adapter: Adapter) -> tuple[WeakIdentityMap[Observer], FirstCall]:
        # What is known of a model's calls is found out once; each call then finds it by the model's identity.
        models, observers = self._models, WeakIdentityMap[Observer]()
        self._observers.append(observers)

        def first_call(instance: Any) -> Observer | None:
            if isinstance(instance, type):
                # A class method, called on the class: no model answers.
                return None
            generation = models.generation
            live = models.of(instance, adapter)
            operation = models.operation(live, hook, instance, self._telemetry)
            observer = Observer(hook, live, operation.channel, operation.collector)
            observers.set(instance, observer)
            if generation != models.generation:
                observers.remove(instance)
            return observer

        return observers, guard("begin")(first_call)

    def _around_prediction(self, hook: Hook, adapter: Adapter) -> Around:
        telemetry, spans = self._telemetry, self._spans
        with_spans = spans is not Spans.OFF
        observers, first_call = self._finding(hook, adapter)
        known, is_inside, enter, leave = observers.entries.get, inside.get, inside.set, inside.reset
        begin = self.begin(hook, adapter)
        predicts = None if hook.when is None else guard("begin")(hook.when)

        def around(original: Method) -> Method:
            if hook.callback is not None:
                return around_callback(original, begin, hook.callback)
            is_answer = hook.promise is None and hook.error_type is None
            if hook.model is not None or not is_answer or hook.streams or is_suspending(original):
                return around_any(original, begin, 1, streams=hook.streams)

            # Written out in one function, and with the instance among the arguments, for between the calls of a service
            # this code gets cold: a frame, or taking the arguments apart, costs as much as the work that is left.
            def observed(*args: Any, **kwargs: Any) -> Any:
                if not args or is_inside() or not (telemetry.active or telemetry.connect()):
                    return original(*args, **kwargs)
                instance = args[0]
                if predicts is not None and not predicts(instance, args[1:], kwargs):
                    return quiet(original)(*args, **kwargs)
                entry = known(id(instance))
                observer = entry[1] if entry is not None and entry[0]() is instance else first_call(instance)
                if observer is None:
                    return quiet(original)(*args, **kwargs)
                span = None
                if with_spans and telemetry.tracing:
                    span = open_span(telemetry, spans, observer.live.model, hook.operation)
                    if span is not None:
                        span.make_current()
                outermost = enter(True)
                try:
                    started = perf_counter_ns()
                    try:
                        answer = original(*args, **kwargs)
                    except BaseException as error:
                        observer.failed(error, perf_counter_ns() - started, span, args[1:], kwargs)
                        raise
                    took = perf_counter_ns() - started
                    try:
                        if span is not None or not observer.collect(answer, args, kwargs, started, took):
                            task, output = observer.live.task, observer.channel.output
                            call = Call(instance, args[1:], kwargs, answer, task, output)
                            observer.answered(call, started, took, span)
                    except Exception as error:  # noqa: BLE001
                        report("prediction", error)
                    return answer
                finally:
                    # Not before: an answer may be an object that predicts while it is read.
                    leave(outermost)

            return observed

        return around
