"""What a service says of the calls in a block, for checks to look at: it never leaves the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from types import MappingProxyType, TracebackType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_said: ContextVar[Mapping[str, Any]] = ContextVar("otel_mlmon_context", default=_NOTHING)

said: Callable[[], Mapping[str, Any]] = _said.get
"""Return what the running code has said by :class:`context`."""


class context:  # noqa: N801
    """Say to the checks of every model call in a block what they need to know of it.

    >>> with context(favourite="item-7", request="r-1"):
    ...     pass

    Unlike a segment it becomes no attribute: values may be anything, and as many as there are users. Inner blocks add
    to outer ones and override the same key. Works with threads that copy the context, and with asyncio.

    Parameters
    ----------
    **values
        For checks that name them, such as ``rank_of: {item: favourite}``.

    Raises
    ------
    TypeError
        Nothing was said.
    """

    def __init__(self, **values: Any) -> None:
        if not values:
            message = "context() needs something to say, such as context(favourite='item-7')"
            raise TypeError(message)
        self._values = values
        self._tokens: list[Token[Mapping[str, Any]]] = []

    def __enter__(self) -> None:
        self._tokens.append(_said.set(MappingProxyType({**_said.get(), **self._values})))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _said.reset(self._tokens.pop())
