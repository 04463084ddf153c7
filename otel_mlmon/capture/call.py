"""The call engine: what stands around every hooked function."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any

from attrs import define, evolve
from numpy import ndarray

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader
from otel_mlmon.capture.models import LiveModel, LiveModels, LiveOperation
from otel_mlmon.capture.naming import WeakIdentityMap, remember_file
from otel_mlmon.config.schema import Spans
from otel_mlmon.emit.spans import OpenSpan, open_span
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.observe.prediction import Prediction
from otel_mlmon.observe.row_collector import RowCollector
from otel_mlmon.observe.summary import Summary, summarise
from otel_mlmon.safety import guard

Wrapped = Callable[..., Any]
Around = Callable[[Wrapped, Any, tuple[Any, ...], dict[str, Any]], Any]
"""``around(wrapped, instance, args, kwargs)`` calls ``wrapped`` and returns what it returns."""

SECONDS = 1e-9
"""Of a nanosecond."""

inside: ContextVar[bool] = ContextVar("otel_mlmon_inside", default=False)
"""Whether the running code is part of a prediction or of something quiet: only the outermost call counts."""


class Engine:
    """Makes the functions that stand around hooked ones; they do nothing once it is closed."""

    def __init__(self, models: LiveModels, telemetry: Telemetry, spans: Spans) -> None:
        self._models = models
        self._telemetry = telemetry
        self._spans = spans
        self._closed = False

    def close(self) -> None:
        """Let calls through untouched: a bound method that somebody kept may outlive the patch."""
        self._closed = True

    def around(self, hook: Hook, adapter: Adapter) -> Around:
        """Return what stands around a hook's target."""
        if hook.trains:
            return self._around_training()
        return quiet_call if hook.quiet else self._around_prediction(hook, adapter)

    def around_loader(self, loader: Loader) -> Around:
        """Return what stands around a function that loads models."""

        def load_call(wrapped: Wrapped, _instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            loaded = wrapped(*args, **kwargs)
            if not self._closed:
                with guard("load"):
                    remember_file(loaded, loader.source(args, kwargs))
            return loaded

        return load_call

    def around_exit(self, wrapped: Wrapped, _instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Stand around a function with which a server ends: what was answered until then is exported."""
        answer = wrapped(*args, **kwargs)
        if inspect.isawaitable(answer):
            return self._export_after(answer)
        self._export()
        return answer

    async def _export_after(self, awaitable: Awaitable[Any]) -> Any:
        answer = await awaitable
        self._export()
        return answer

    @guard("exit")
    def _export(self) -> None:
        if not self._closed:
            self._telemetry.export()

    def _around_training(self) -> Around:
        begin_anew = guard("training")(self._models.begin_anew)

        def train_call(wrapped: Wrapped, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            try:
                return quiet_call(wrapped, instance, args, kwargs)
            finally:
                begin_anew(instance)

        return train_call

    def _around_prediction(self, hook: Hook, adapter: Adapter) -> Around:
        operation, telemetry, models, spans = hook.operation, self._telemetry, self._models, self._spans

        # A call without a span is the same every time: one object for each model serves all of them.
        without_span: WeakIdentityMap[ObservedCall] = WeakIdentityMap()

        def first_call(instance: Any) -> ObservedCall:
            live = models.of(instance, adapter)
            call = ObservedCall(hook, live, models.operation(live, operation, instance, telemetry), None)
            without_span.set(instance, call)
            return call

        @guard("begin")
        def begin(instance: Any) -> ObservedCall:
            call = without_span.get(instance) or first_call(instance)
            if spans is Spans.OFF or not telemetry.tracing:
                return call
            return evolve(call, span=open_span(telemetry, spans, call.live.model, operation))

        def observe_call(wrapped: Wrapped, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            # The outermost call only, and only while there is anything to report to.
            if inside.get() or not (telemetry.measuring or telemetry.tracing):
                return wrapped(*args, **kwargs)
            call = begin(instance)
            outermost = inside.set(True)
            try:
                started = perf_counter_ns()
                try:
                    answer = wrapped(*args, **kwargs)
                except BaseException as error:
                    took = perf_counter_ns() - started
                    if call is not None:
                        call.failed(error, took * SECONDS)
                    raise
                took = perf_counter_ns() - started
                if call is not None:
                    call.answered(instance, args, kwargs, answer, took * SECONDS)
                return answer
            finally:
                inside.reset(outermost)

        return observe_call


@define(eq=False)
class ObservedCall:
    """One call that is under way; it ends in :meth:`answered` or in :meth:`failed`."""

    hook: Hook
    live: LiveModel
    where: LiveOperation
    span: OpenSpan | None

    @guard("prediction")
    def answered(
        self, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any], answer: Any, seconds: float
    ) -> None:
        """Record what the model answered."""
        summary = None
        try:
            collector = self.where.collector if is_plain_row(args, kwargs, answer) else None
            waiting = None if collector is None else collector.collect(answer, args[0], seconds)
            if waiting is None:
                summary = self._observe(Call(instance, args, kwargs, answer, self.live.task), seconds, collector)
            elif self.span is not None and collector is not None:
                summary = collector.summary(waiting, answer)
        finally:
            if self.span is not None:
                self.span.answered(summary)

    @guard("failed call")
    def failed(self, error: BaseException, seconds: float) -> None:
        """Record that the model raised."""
        try:
            self.where.channel.observe_failure(seconds, error)
        finally:
            if self.span is not None:
                self.span.failed(error)

    def _observe(self, call: Call, seconds: float, collector: RowCollector | None) -> Summary | None:
        channel = self.where.channel
        inputs = self.hook.inputs(call.args, call.kwargs)
        answer = None if self.hook.outputs is None else self.hook.outputs(call)
        rows = channel.observe(Prediction(answer, inputs, seconds))
        if answer is not None and collector is not None and answer.values is call.answer:
            collector.begin(answer, call.answer, inputs)
        return None if rows is None or self.span is None else summarise(rows, channel.output)


def is_plain_row(args: tuple[Any, ...], kwargs: dict[str, Any], answer: Any) -> bool:
    """Tell whether a call had its inputs as the only argument, and answered with an array of one row."""
    return len(args) == 1 and not kwargs and type(answer) is ndarray and answer.shape[:1] == (1,)


def quiet_call(wrapped: Wrapped, _instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call ``wrapped`` so that predictions inside are not counted."""
    if inside.get():
        return wrapped(*args, **kwargs)
    outermost = inside.set(True)
    try:
        return wrapped(*args, **kwargs)
    finally:
        inside.reset(outermost)
