"""The call engine: what stands around every hooked function."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any

from attrs import define, field

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader
from otel_mlmon.capture.models import LiveModel, LiveModels
from otel_mlmon.capture.naming import WeakIdentityMap, remember_file
from otel_mlmon.capture.own_time import timed
from otel_mlmon.config.schema import Spans
from otel_mlmon.emit.spans import OpenSpan, open_span
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.observe.channel import Channel
from otel_mlmon.observe.prediction import Prediction
from otel_mlmon.observe.row_collector import RowCollector, Waiting
from otel_mlmon.observe.summary import Summary
from otel_mlmon.safety import guard, report

Method = Callable[..., Any]
"""``method(instance, *args, **kwargs)``; the instance of a function that is no method is None."""

Around = Callable[[Method], Method]
"""Returns what is to be called instead of a method, and calls it."""

SECONDS = 1e-9
"""Of a nanosecond."""

inside: ContextVar[bool] = ContextVar("otel_mlmon_inside", default=False)
"""Whether the running code is part of a prediction or of something quiet: only the outermost call counts."""


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
        self._closed = False

    def close(self) -> None:
        """Let calls through untouched: a bound method that somebody kept may outlive the patch."""
        self._closed = True

    def around(self, hook: Hook, adapter: Adapter) -> Around:
        """Return what stands around a hook's target."""
        if hook.trains:
            return self._around_training
        around = quiet if hook.quiet else self._around_prediction(hook, adapter)
        return around if self._record_own_time is None else timed(around, self._record_own_time)

    def around_loader(self, loader: Loader) -> Around:
        """Return what stands around a function that loads models."""

        def around(original: Method) -> Method:
            def load_call(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
                answer = original(instance, *args, **kwargs)
                if not self._closed:
                    with guard("load"):
                        loaded = loader.loaded(instance, answer)
                        self._forget(loaded)
                        remember_file(loaded, loader.source(args, kwargs))
                return answer

            return load_call

        return around

    def _forget(self, instance: Any) -> None:
        # A model may be loaded into an object that has been another one: what that answers from now on is not the same.
        self._models.forget(instance)
        for observers in self._observers:
            observers.remove(instance)

    def around_exit(self, original: Method) -> Method:
        """Stand around a function with which a server ends: what was answered until then is exported."""

        def exit_call(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
            answer = original(instance, *args, **kwargs)
            if inspect.isawaitable(answer):
                return self._export_after(answer)
            self._export()
            return answer

        return exit_call

    async def _export_after(self, awaitable: Awaitable[Any]) -> Any:
        answer = await awaitable
        self._export()
        return answer

    @guard("exit")
    def _export(self) -> None:
        if not self._closed:
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

    def _around_prediction(self, hook: Hook, adapter: Adapter) -> Around:
        telemetry, models, spans = self._telemetry, self._models, self._spans
        with_spans = spans is not Spans.OFF
        # What is known of a model's calls is found out once; each call then finds it by the model's identity.
        observers: WeakIdentityMap[Observer] = WeakIdentityMap()
        self._observers.append(observers)
        known, is_inside, enter, leave = observers.entries.get, inside.get, inside.set, inside.reset

        @guard("begin")
        def first_call(instance: Any) -> Observer:
            live = models.of(instance, adapter)
            operation = models.operation(live, hook, instance, telemetry)
            observer = Observer(hook, live, operation.channel, operation.collector)
            observers.set(instance, observer)
            return observer

        def around(original: Method) -> Method:
            # Written out in one function, and with the instance among the arguments, for between the calls of a service
            # this code gets cold: a frame, or taking the arguments apart, costs as much as the work that is left.
            def observed(*args: Any, **kwargs: Any) -> Any:
                if not args or is_inside() or not (telemetry.active or telemetry.connect()):
                    return original(*args, **kwargs)
                instance = args[0]
                entry = known(id(instance))
                observer = entry[1] if entry is not None and entry[0]() is instance else first_call(instance)
                if observer is None:
                    return quiet(original)(*args, **kwargs)
                span = None
                if with_spans and telemetry.tracing:
                    span = open_span(telemetry, spans, observer.live.model, hook.operation)
                outermost = enter(True)
                try:
                    started = perf_counter_ns()
                    try:
                        answer = original(*args, **kwargs)
                    except BaseException as error:
                        observer.failed(error, perf_counter_ns() - started, span)
                        raise
                    took = perf_counter_ns() - started
                    try:
                        if span is not None or not observer.collect(answer, args, kwargs, started, took):
                            call = Call(instance, args[1:], kwargs, answer, observer.live.task)
                            observer.answered(call, started, took, span)
                    except Exception as error:  # noqa: BLE001
                        report("prediction", error)
                    return answer
                finally:
                    # Not before: an answer may be an object that predicts while it is read.
                    leave(outermost)

            return observed

        return around


@define(eq=False)
class Observer:
    """What is done with the calls of one operation of one model object.

    Attributes
    ----------
    collect
        As :meth:`RowCollector.collect`: lets an answer of one row wait; None where it must be looked at by itself.
    """

    hook: Hook
    live: LiveModel
    channel: Channel
    collector: RowCollector | None
    collect: Callable[..., Waiting | None] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.collect = _collect_nothing if self.collector is None else self.collector.collect

    def answered(self, call: Call, started: int, took: int, span: OpenSpan | None) -> None:
        """Record an answer that no collector took, or that has a span."""
        summary = None
        try:
            waiting = None
            if span is not None and self.collector is not None:
                waiting = self.collector.collect(call.answer, (call.instance, *call.args), call.kwargs, started, took)
                summary = None if waiting is None else self.collector.summary(waiting, call.answer)
            if waiting is None:
                summary = self._observe(call, took)
        finally:
            if span is not None:
                span.answered(summary)

    @guard("failed call")
    def failed(self, error: BaseException, took: int, span: OpenSpan | None) -> None:
        """Record that the model raised."""
        try:
            self.channel.observe_failure(took * SECONDS, error)
        finally:
            if span is not None:
                span.failed(error)

    def _observe(self, call: Call, took: int) -> Summary | None:
        inputs = self.hook.inputs(call.args, call.kwargs)
        answer = None if self.hook.outputs is None else self.hook.outputs(call)
        summary = self.channel.observe(Prediction(answer, inputs, took * SECONDS))
        if answer is not None and self.collector is not None and answer.values is call.answer:
            self.collector.begin(answer, call.args, call.kwargs)
        return summary


def _collect_nothing(*_call: Any) -> None:
    return None


def quiet(original: Method) -> Method:
    """Stand around a method so that predictions inside are not counted."""
    is_inside, enter, leave = inside.get, inside.set, inside.reset

    def quiet_call(*args: Any, **kwargs: Any) -> Any:
        if is_inside():
            return original(*args, **kwargs)
        outermost = enter(True)
        try:
            return original(*args, **kwargs)
        finally:
            leave(outermost)

    return quiet_call
