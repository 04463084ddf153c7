"""Pieces of Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

WIDTH = 120


def code(text: str) -> str:
    """Return a text as it is written, whatever is in it."""
    plain = " ".join(text.split())
    return f"`{plain}`" if "`" not in plain else f"`` {plain} ``"


def paragraph(text: str, first: str = "", further: str = "") -> str:
    """Return lines that people read in an editor, too.

    Parameters
    ----------
    first, further
        Begin the first line, and the others: bullets and indentation.
    """
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def bullet(text: str) -> str:
    """Return one point of a list."""
    return paragraph(text, "- ", "  ")


def fenced(lines: Iterable[str], indent: str = "") -> Iterator[str]:
    """Return a block of PromQL."""
    yield f"{indent}```promql"
    yield from (f"{indent}{line}" for line in lines)
    yield f"{indent}```"
