"""One run of the command: its display, its closing words and the files asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.live import Live

from otel_mlmon.cli.demo.closing import closing
from otel_mlmon.cli.demo.plain import PlainDisplay
from otel_mlmon.cli.demo.player import Display
from otel_mlmon.cli.demo.report import report
from otel_mlmon.cli.demo.run import run
from otel_mlmon.cli.demo.screen import WIDTH, LiveDisplay, picture
from otel_mlmon.cli.demo.story import Story
from otel_mlmon.cli.failure import Failure


def tell(
    story: Story,
    *,
    seconds: float,
    port: int,
    live: bool,
    report_file: Path | None,
    picture_file: Path | None,
) -> None:
    """Run a story, show it, and write the files asked for.

    Raises
    ------
    Failure
        When something that the run needs is missing or has ended, with what to do.
    """
    console = Console() if live else Console(width=WIDTH, highlight=False)
    if console.width < WIDTH:
        console.print(f"The live screen needs {WIDTH} columns and this terminal has {console.width}: lines instead.")
        console, live = Console(highlight=False), False
    for file in filter(None, (report_file, picture_file)):
        _require_folder(file)
    with _display(console, live=live) as display:
        outcome = run(story, display, seconds=seconds, port=port)
    console.print(closing(outcome))
    if report_file is not None:
        report_file.write_text(report(outcome), encoding="utf-8")
        console.print(f" The report: {report_file}")
    if picture_file is not None:
        picture_file.write_text(picture(outcome.moment), encoding="utf-8")
        console.print(f" The picture: {picture_file}")


@contextmanager
def _display(console: Console, *, live: bool) -> Iterator[Display]:
    if not live:
        yield PlainDisplay(partial(console.print, markup=False, soft_wrap=True))
        return
    with Live(console=console, refresh_per_second=8) as screen:
        yield LiveDisplay(screen)


def _require_folder(file: Path) -> None:
    if not file.parent.is_dir():
        message = f"{file}: there is no folder {file.parent} to write it into"
        raise Failure(message)
