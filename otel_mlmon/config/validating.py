"""What several parts of the configuration ask of their values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any


class MisplacedError(ValueError):
    """A mistake in something below the value that is looked at.

    Attributes
    ----------
    path
        Keys from the value to where the mistake stands.
    """

    def __init__(self, message: str, path: tuple[str, ...]) -> None:
        super().__init__(message)
        self.path = path

    @classmethod
    @contextmanager
    def below(cls, *path: str) -> Iterator[None]:
        """Give the mistakes that are found in a block a place."""
        try:
            yield
        except ValueError as error:
            raise cls(str(error), path) from error


def ascending(_instance: object, _attribute: object, value: tuple[float, ...] | None) -> None:
    """Take numbers that increase, one at least."""
    # NaN neither increases nor does anything else.
    if value is not None and (len(value) == 0 or not all(a < b for a, b in pairwise(value)) or value[0] != value[0]):
        message = "must be a list of numbers that increase"
        raise ValueError(message)


def interval(_instance: object, _attribute: object, value: tuple[float, ...] | None) -> None:
    """Take two numbers in order."""
    if value is not None and not (len(value) == 2 and value[0] <= value[1]):
        message = "must be two numbers, the smaller one first"
        raise ValueError(message)


def not_empty(_instance: object, _attribute: object, value: tuple[Any, ...] | None) -> None:
    """Take one at least."""
    if value is not None and not value:
        message = "must name one at least"
        raise ValueError(message)


def dotted(_instance: object, _attribute: object, value: str | None) -> None:
    """Take a function's place, such as ``shop.checks:favourite_rank``."""
    module, _, name = (value or "").partition(":")
    if value is not None and not (module and name):
        message = f"{value!r} should be a function's place, such as 'shop.checks:favourite_rank'"
        raise ValueError(message)
