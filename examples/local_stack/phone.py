"""Draws a page: narrow, as on a phone."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from examples.local_stack.page import Page

WIDTH = 64
SENTENCES = 4
"""A phone shows the beginning; who wants the rest has to scroll."""


def drawn(page: Page, minutes: float) -> RenderableType:
    """Return the screen with a page that arrived so many minutes of production after the incident began."""
    parts: list[RenderableType] = [Text(page.title, style="bold"), Text()]
    parts += [Text(sentence) for sentence in page.sentences[:SENTENCES]]
    if page.steps:
        parts += [Text(), Text("What to do first", style="bold"), _numbered(page.steps)]
    if page.runbook is not None:
        parts += [Text(), Text(f"All of it: {page.runbook}", style="cyan", overflow="fold")]
    if page.also:
        parts += [Text(), *(Text(f"also: {line}", style="dim") for line in page.also)]
    screen = Panel(
        Group(*parts), width=WIDTH, title=f"{minutes:.0f} minutes after", title_align="right", padding=(1, 2)
    )
    return Padding(screen, (1, 2), expand=False)


def _numbered(steps: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 1))
    for number, step in enumerate(steps, start=1):
        table.add_row(f"{number}.", Text(step))
    return table
