"""Why a command stops: one line for the person who typed it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Failure(Exception):  # noqa: N818
    """What happened, where, and what to do; the command prints it and ends with exit code 1."""


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Turn a missing module into a failure that names the extra to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "a module").partition(".")[0]
        message = f"{missing} is not installed: pip install 'otel-mlmon[{extra}]'"
        raise Failure(message) from error
