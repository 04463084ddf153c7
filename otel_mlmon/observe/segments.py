"""Segments: by which few, bounded values a model's predictions are told apart."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextvars import ContextVar, Token
from itertools import count
from types import TracebackType
from typing import Any, Protocol, TypeVar

from otel_mlmon import semconv
from otel_mlmon.observe.labels import label_text

Function = TypeVar("Function", bound=Callable[..., Any])
Pairs = tuple[tuple[str, str], ...]
"""Segment keys and values, most important key first."""

ALWAYS = (semconv.MISSING, semconv.OTHER)
"""Values beside those that are bounded."""

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


class FirstCome:
    """The first ``limit`` different items that come, and not one more: threads need no lock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[Hashable] = set()
        # Taking a number is atomic, and looking at the set's size before adding to it is not.
        self._places = count()

    def __contains__(self, item: Hashable) -> bool:
        """Tell whether an item is one of them."""
        return item in self._known

    def admits(self, item: Hashable) -> bool:
        """Tell whether an item is one of them, or still becomes one."""
        if item in self._known:
            return True
        if len(self._known) >= self._limit or next(self._places) >= self._limit:
            return False
        self._known.add(item)
        return True


class Values(Protocol):
    """Which values of a segment key, or which classes, are told apart."""

    def admit(self, value: str) -> str:
        """Return the value, or ``other``."""


class BoundedValues:
    """The first ``limit`` different values stay as they are, and ``missing`` beside them; later ones are ``other``."""

    def __init__(self, limit: int) -> None:
        self._known = FirstCome(limit)

    def admit(self, value: str) -> str:
        """Return the value, or ``other`` when it comes too late."""
        return value if value in ALWAYS or self._known.admits(value) else semconv.OTHER


class ListedValues:
    """Some values stay as they are, whenever they come, and ``missing`` beside them; all others are ``other``."""

    def __init__(self, values: Iterable[object]) -> None:
        self._known = {*map(label_text, values), *ALWAYS}

    def admit(self, value: str) -> str:
        """Return the value, or ``other`` when it is not listed."""
        return value if value in self._known else semconv.OTHER


class SegmentTable:
    """Which combinations of segment values a model's data points have: a bounded number, for ever.

    A value that its key does not admit is ``other``. A combination beyond the limit of combinations keeps the longest
    run of its first keys that is known already, and at least its first key; the rest is ``other``. So the sums over
    the first key are exact whatever arrives, and there are at most ``combinations``, one a value of the first key, one
    where that is absent, and the one with no segment.

    Parameters
    ----------
    values
        Returns what admits a key's values, or None for a key too many; several tables of a model share it.
    keys
        Those that are configured, most important first; others follow as they come.
    combinations
        Limit of combinations.
    """

    def __init__(self, values: Callable[[str], Values | None], keys: Sequence[str], combinations: int) -> None:
        self._values = values
        self._combinations = combinations
        self._known = FirstCome(combinations)
        self._places = count()
        self._ranks = {key: next(self._places) for key in keys}
        self._folded: dict[str, list[str]] = {}
        self._resolved: dict[Pairs, tuple[Pairs, bool]] = {}

    def resolve(self, pairs: Pairs) -> tuple[Pairs, bool]:
        """Return the combination that stands for ``pairs``, and whether something of it was folded into ``other``."""
        found = self._resolved.get(pairs)
        if found is None:
            folded = self._fold(self._admitted(pairs))
            found = (folded, set(folded) != set(pairs))
            # Free text as a segment must not fill the memory with what it was folded from.
            if len(self._resolved) < 4 * self._combinations:
                self._resolved[pairs] = found
        return found

    def _admitted(self, pairs: Pairs) -> Pairs:
        """Return what is left of values and keys that have limits, most important key first."""
        admitted = []
        for key, value in pairs:
            values = self._values(key)
            if values is not None:
                if key not in self._ranks:
                    self._ranks.setdefault(key, next(self._places))
                admitted.append((key, values.admit(value)))
        return tuple(sorted(admitted, key=lambda pair: self._ranks[pair[0]]))

    def _fold(self, pairs: Pairs) -> Pairs:
        if not pairs or self._known.admits(pairs):
            return pairs
        for kept in range(len(pairs) - 1, 1, -1):
            shorter = (*pairs[:kept], *((key, semconv.OTHER) for key, _ in pairs[kept:]))
            if shorter in self._known:
                return shorter
        # All that are folded have the same keys: which ones a call happens to have must not multiply them.
        keys = self._folded.get("keys") or self._folded.setdefault("keys", self._ranked())
        first, *later = keys
        kept_pair = (pair for pair in pairs[:1] if pair[0] == first)
        return (*kept_pair, *((key, semconv.OTHER) for key in later))

    def _ranked(self) -> list[str]:
        return sorted(self._ranks, key=self._ranks.__getitem__)
