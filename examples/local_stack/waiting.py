"""Wait for a condition, with a deadline; never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from examples.local_stack.failure import StackError

T = TypeVar("T")

POLL_SECONDS = 0.1


class DeadlineError(StackError):
    """A condition did not hold in time."""


def await_until(what: str, check: Callable[[], T], within: float) -> T:
    """Return the first true answer of ``check``; a failed connection counts as "not yet"."""
    deadline = time.monotonic() + within
    while True:
        last: object
        try:
            last = answer = check()
            if answer:
                return answer
        except httpx.TransportError as error:
            last = error
        if time.monotonic() > deadline:
            message = f"after {within:.0f} s still not: {what}; last answer: {last!r}"
            raise DeadlineError(message)
        time.sleep(POLL_SECONDS)
