"""What several parts of the configuration ask of their values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from attrs import Attribute, frozen


class MisplacedError(ValueError):
    """A mistake in something below the value that is looked at.

    Attributes
    ----------
    path
        Keys from the value to where the mistake stands.
    """

    def __init__(self, message: str, path: tuple[str | int, ...]) -> None:
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


@frozen
class Bounds:
    """Takes numbers from ``least`` to ``most``, and above ``above``, and None; never NaN."""

    least: float | None = None
    most: float | None = None
    above: float | None = None

    def __call__(self, _instance: object, _attribute: object, value: Any) -> None:
        """Check a value."""
        if value is None or self._holds(value):
            return
        message = f"{value!r} should be {self._wanted()}"
        raise ValueError(message)

    def _holds(self, value: float) -> bool:
        is_enough = (self.least is None or value >= self.least) and (self.above is None or value > self.above)
        return is_enough and (self.most is None or value <= self.most) and not math.isnan(value)

    def _wanted(self) -> str:
        if self == Bounds():
            return "a number"
        wanted = f"above {self.above:g}" if self.least is None else f"at least {self.least:g}"
        return wanted if self.most is None else f"{wanted} and at most {self.most:g}"


@frozen
class Share(Bounds):
    """Takes a share, which is no percentage."""

    least: float | None = 0.0
    most: float | None = 1.0

    def __call__(self, _instance: object, _attribute: object, value: Any) -> None:
        """Check a value."""
        if value is None or self._holds(value):
            return
        percent = value if 1.0 < value <= 100.0 else 5
        shares = "from 0 to 1" if self.above is None else f"above {self.above:g} and at most 1"
        message = f"{value!r} should be a share {shares}, such as {percent / 100:g} for {percent:g} %"
        raise ValueError(message)


@frozen
class Needed:
    """Takes anything but nothing, where the default is nothing."""

    example: str

    def __call__(self, _instance: object, attribute: Attribute[Any], value: object) -> None:
        """Check a value."""
        if value is None or value == "":
            message = f"needs '{attribute.name}', such as '{attribute.name}: {self.example}'"
            raise ValueError(message)


@frozen
class NotEmpty:
    """Takes any text but the empty one, and None."""

    def __call__(self, _instance: object, _attribute: object, value: str | None) -> None:
        """Check a value."""
        if value is not None and not value.strip():
            message = "must not be empty: leave it out, or say what it is"
            raise ValueError(message)


def ascending(_instance: object, _attribute: object, value: tuple[float, ...] | None) -> None:
    """Take numbers that increase, one at least."""
    # NaN neither increases nor does anything else.
    if value is not None and (len(value) == 0 or not all(a < b for a, b in pairwise(value)) or value[0] != value[0]):
        message = "must be a list of numbers that increase"
        raise ValueError(message)


def interval(_instance: object, _attribute: object, value: tuple[float, ...] | None) -> None:
    """Take two numbers in order."""
    if value is not None and not (len(value) == 2 and value[0] <= value[1]):
        turned = f": [{value[1]:g}, {value[0]:g}]" if len(value) == 2 and value[0] > value[1] else ""
        message = f"must be two numbers, the smaller one first{turned}"
        raise ValueError(message)


def not_empty(_instance: object, _attribute: object, value: tuple[Any, ...] | None) -> None:
    """Take one at least."""
    if value is not None and not value:
        message = "must name one at least"
        raise ValueError(message)


def only_true(_instance: object, _attribute: object, value: bool | None) -> None:
    """Take true: what is not meant is left out."""
    if value is False:
        message = "is true, or left out"
        raise ValueError(message)


def dotted(_instance: object, _attribute: object, value: str | None) -> None:
    """Take a function's place, such as ``shop.checks:favourite_rank``."""
    module, _, name = (value or "").partition(":")
    parts = [*module.split("."), *name.split(".")]
    if value is not None and not all(part.isidentifier() for part in parts):
        before, _, last = value.rpartition(".")
        is_meant = not name and before and last
        example = f"{before}:{last}" if is_meant else "shop.checks:favourite_rank"
        message = f"{value!r} should be a function's place, module and function with a colon between: '{example}'"
        raise ValueError(message)
