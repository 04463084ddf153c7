"""What the instrumentation itself costs: the time of a call, less that of the model in it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any

from otel_mlmon.capture.inside import Around, Method, is_suspending

in_model: ContextVar[int] = ContextVar("otel_mlmon_in_model", default=0)
"""Nanoseconds of the hooked calls that the running call has made so far."""


def timed(around: Around, record: Callable[[int], None]) -> Around:
    """Return ``around`` with its own nanoseconds recorded at every call; a nested call records its own."""

    def timed_around(original: Method) -> Method:
        if is_suspending(original):
            # While it waits, other calls would count as its own time.
            return around(original)
        call = around(_counted(original))

        def timed_call(*args: Any, **kwargs: Any) -> Any:
            token = in_model.set(0)
            started = perf_counter_ns()
            try:
                return call(*args, **kwargs)
            finally:
                own = perf_counter_ns() - started - in_model.get()
                in_model.reset(token)
                record(own)

        return timed_call

    return timed_around


def _counted(original: Method) -> Method:
    def counted_call(*args: Any, **kwargs: Any) -> Any:
        started = perf_counter_ns()
        try:
            return original(*args, **kwargs)
        finally:
            in_model.set(in_model.get() + perf_counter_ns() - started)

    return counted_call
