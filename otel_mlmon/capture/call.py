"""The call engine: what stands around every hooked function."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any

from attrs import define

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader
from otel_mlmon.capture.models import LiveModel, LiveModels
from otel_mlmon.capture.naming import remember_file
from otel_mlmon.config.schema import Spans
from otel_mlmon.emit.spans import OpenSpan, open_span
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.observe.channel import Channel
from otel_mlmon.observe.prediction import Prediction
from otel_mlmon.observe.summary import summarise
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

    def _active(self) -> bool:
        return not self._closed and (self._telemetry.measuring or self._telemetry.tracing)

    def _around_prediction(self, hook: Hook, adapter: Adapter) -> Around:
        operation = hook.operation

        @guard("begin")
        def begin(instance: Any) -> ObservedCall:
            live = self._models.of(instance, adapter)
            channel = self._models.channel(live, operation, self._telemetry)
            return ObservedCall(hook, live, channel, open_span(self._telemetry, self._spans, live.model, operation))

        def observe_call(wrapped: Wrapped, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if inside.get() or not self._active():
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
                    call.answered(Call(instance, args, kwargs, answer, call.live.task), took * SECONDS)
                return answer
            finally:
                inside.reset(outermost)

        return observe_call


@define(eq=False)
class ObservedCall:
    """One call that is under way; it ends in :meth:`answered` or in :meth:`failed`."""

    hook: Hook
    live: LiveModel
    channel: Channel
    span: OpenSpan | None

    @guard("prediction")
    def answered(self, call: Call, seconds: float) -> None:
        """Record what the model answered."""
        observed = None
        try:
            read, pick = self.hook.outputs, self.hook.inputs
            answer = None if read is None else read(call)
            observed = self.channel.observe(Prediction(answer, pick(call.args, call.kwargs), seconds))
        finally:
            if self.span is not None:
                output = self.live.model.rule.output
                self.span.answered(None if observed is None else summarise(observed, output))

    @guard("failed call")
    def failed(self, error: BaseException, seconds: float) -> None:
        """Record that the model raised."""
        try:
            self.channel.observe_failure(seconds, error)
        finally:
            if self.span is not None:
                self.span.failed(error)


def quiet_call(wrapped: Wrapped, _instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call ``wrapped`` so that predictions inside are not counted."""
    if inside.get():
        return wrapped(*args, **kwargs)
    outermost = inside.set(True)
    try:
        return wrapped(*args, **kwargs)
    finally:
        inside.reset(outermost)
