"""Whether the running code is inside a call that counts, or inside something quiet."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

Method = Callable[..., Any]
"""``method(instance, *args, **kwargs)``; the instance of a function that is no method is None."""

Around = Callable[[Method], Method]
"""Returns what is to be called instead of a method, and calls it."""

inside: ContextVar[bool] = ContextVar("otel_mlmon_inside", default=False)
"""Whether the running code is part of a prediction or of something quiet: only the outermost call counts."""


def is_suspending(function: Method) -> bool:
    """Tell whether a function is a coroutine function or a generator: its calls are not over when they return."""
    return (
        inspect.iscoroutinefunction(function)
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
    )


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
