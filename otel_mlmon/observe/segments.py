"""Segments: by which few, bounded values a model's predictions are told apart."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, TypeVar

from otel_mlmon import semconv
from otel_mlmon.observe.labels import label_text

Function = TypeVar("Function", bound=Callable[..., Any])
Pairs = tuple[tuple[str, str], ...]
"""Segment keys and values, most important key first."""

_current: ContextVar[Pairs] = ContextVar("otel_mlmon_segments", default=())


current: Callable[[], Pairs] = _current.get
"""Return the segments that the running code has been put into by :class:`segment`."""


class segment:  # noqa: N801
    """Put every model call in a block, or in a decorated function, into segments.

    >>> with segment(country="DE", client="ios"):
    ...     pass

    Values become text. Inner blocks add to outer ones and override the same key. Works with threads that copy the
    context, with asyncio, and as a decorator of functions and coroutine functions.

    Parameters
    ----------
    **values
        One value a key. Keys are few and fixed; values beyond the configured number count as ``other``.

    Raises
    ------
    TypeError
        No segment was given.
    """

    def __init__(self, **values: object) -> None:
        if not values:
            message = "segment() needs at least one segment, such as segment(country='DE')"
            raise TypeError(message)
        self._values = {key: label_text(value) for key, value in values.items()}
        self._tokens: list[Token[Pairs]] = []

    def __enter__(self) -> None:
        merged = {**dict(_current.get()), **self._values}
        self._tokens.append(_current.set(tuple(merged.items())))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _current.reset(self._tokens.pop())

    def __call__(self, function: Function) -> Function:
        """Decorate a function or a coroutine function."""
        values = self._values
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def within_segment(*args: Any, **kwargs: Any) -> Any:
                with segment(**values):
                    return await function(*args, **kwargs)

        else:

            @functools.wraps(function)
            def within_segment(*args: Any, **kwargs: Any) -> Any:
                with segment(**values):
                    return function(*args, **kwargs)

        return within_segment  # type: ignore[return-value]


class BoundedValues:
    """The first ``limit`` different values stay as they are; later ones are ``other``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def admit(self, value: str) -> str:
        """Return the value, or ``other`` when it comes too late."""
        if value in self._known:
            return value
        if len(self._known) >= self._limit:
            return semconv.OTHER
        self._known.add(value)
        return value


class SegmentTable:
    """Which combinations of segment values a model's data points have: a bounded number, for ever.

    A value beyond its key's limit is ``other``. A combination beyond the limit of combinations keeps the longest run
    of its first keys that is known already, and at least its first key; the rest is ``other``. So the sums over the
    first key are exact whatever arrives, and there are at most ``combinations`` plus one a value of the first key.

    Parameters
    ----------
    values
        Returns what admits a key's values, or None for a key too many; several tables of a model share it.
    combinations
        Limit of combinations.
    """

    def __init__(self, values: Callable[[str], BoundedValues | None], combinations: int) -> None:
        self._values = values
        self._combinations = combinations
        self._known: set[Pairs] = set()
        self._resolved: dict[Pairs, tuple[Pairs, bool]] = {}

    def resolve(self, pairs: Pairs) -> tuple[Pairs, bool]:
        """Return the combination that stands for ``pairs``, and whether something of it was folded into ``other``."""
        found = self._resolved.get(pairs)
        if found is None:
            admitted = ((key, self._values(key), value) for key, value in pairs)
            folded = self._fold(tuple((key, known.admit(value)) for key, known, value in admitted if known is not None))
            found = (folded, folded != pairs)
            # Free text as a segment must not fill the memory with what it was folded from.
            if len(self._resolved) < 4 * self._combinations:
                self._resolved[pairs] = found
        return found

    def _fold(self, pairs: Pairs) -> Pairs:
        if pairs not in self._known and len(self._known) >= self._combinations:
            for kept in range(len(pairs) - 1, 0, -1):
                pairs = (*pairs[:kept], *((key, semconv.OTHER) for key, _ in pairs[kept:]))
                if pairs in self._known:
                    break
        self._known.add(pairs)
        return pairs
