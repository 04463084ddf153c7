"""What can be configured of the review sample: predictions that a person should look at, kept in a file."""

from __future__ import annotations

import re

from attrs import field, frozen

from otel_mlmon.config.validating import Bounds


def _patterns(_instance: object, _attribute: object, value: tuple[str, ...]) -> None:
    for pattern in value:
        try:
            re.compile(pattern)
        except re.error as error:  # noqa: PERF203
            message = f"{pattern!r} is no regular expression: {error}"
            raise ValueError(message) from error


@frozen
class Review:
    """Where predictions that failed a check, or were of low confidence, are kept for a person to look at.

    Attributes
    ----------
    file
        Of JSON lines, to which is appended; default: nothing is kept.
    fields
        Columns of the inputs, and keys of :func:`otel_mlmon.context`, that are kept; no others are.
    redact
        Regular expressions: what fits one of them in a text is replaced.
    per_minute
        Predictions that one process keeps in a minute, at most.
    max_bytes
        Size beyond which the file does not grow.
    """

    file: str | None = None
    fields: tuple[str, ...] = ()
    redact: tuple[str, ...] = field(default=(), validator=_patterns)
    per_minute: int = field(default=10, validator=Bounds(least=1))
    max_bytes: int = field(default=10_000_000, validator=Bounds(least=1))
