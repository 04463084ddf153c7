"""The run as plain lines, for pipes, logs and CI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define

from otel_mlmon.cli.demo.player import WHEN
from otel_mlmon.cli.demo.view import View

HOURS_A_LINE: Final = 6


@define
class PlainDisplay:
    """Prints a line every few replayed hours, and one for each event."""

    write: Callable[[str], None]
    _hours: int = 0

    def step(self, text: str) -> None:
        """Print what is being prepared."""
        self.write(f"… {text}")

    def event(self, text: str) -> None:
        """Print what has happened."""
        self.write(f"! {text}")

    def show(self, view: View) -> None:
        """Print every sixth hour."""
        self._hours += 1
        if self._hours % HOURS_A_LINE == 0:
            self.write(_line(view))


def _line(view: View) -> str:
    figures = "  ".join(f"{seen.figure.label} {seen.figure.write(seen.value)}" for seen in view.figures)
    return f"{view.ends:{WHEN}}  {view.phase.value:<8}  {view.rows_counted} flights  {figures}"
