"""Start the stack, inject the incident, and print the page that arrives; a minute of production takes a second."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.table import Table

from examples.flight_delay.data import load_flights
from examples.local_stack.failure import StackError
from examples.local_stack.page import page_of
from examples.local_stack.phone import drawn
from examples.local_stack.session import Running, go_on, provoke, start
from examples.local_stack.stack import RUNBOOK
from examples.local_stack.traffic import BEGINS, ROWS_A_MINUTE, minutes

ENDING = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 130


def main() -> None:
    """Read the command line, run, and leave nothing behind but the logs of a failure."""
    parser = argparse.ArgumentParser(prog="python -m examples.local_stack", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C, to look round")
    keep = parser.parse_args().keep
    for number in ENDING:
        signal.signal(number, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="local-stack-"))
    status = 0
    try:
        with _programs() as programs:
            _run(folder, programs, Console(highlight=False), keep=keep)
    except StackError as error:
        sys.exit(f"stack-local: {error}\nThe logs are in {folder}")
    except KeyboardInterrupt:
        status = INTERRUPTED
    shutil.rmtree(folder)
    sys.exit(status)


def _run(folder: Path, programs: ExitStack, console: Console, *, keep: bool) -> None:
    running = start(folder, programs, console)
    console.print(_addresses(running, folder))
    traffic = minutes(load_flights(), BEGINS, ROWS_A_MINUTE)
    incident = provoke(running, traffic, console)
    page = page_of(incident.page, RUNBOOK.read_text(encoding="utf-8"))
    console.print(drawn(page, incident.minutes))
    if keep:
        console.print("The incident goes on, and everything runs, until Ctrl-C.")
        go_on(running, traffic)


def _addresses(running: Running, folder: Path) -> Table:
    table = Table.grid(padding=(0, 2))
    stack = running.stack
    for name, address in (
        ("service", f"{running.service.address}/docs"),
        ("collector", f"{stack.otlp} (OTLP)"),
        ("Prometheus", f"{stack.ask.address}/alerts"),
        ("Alertmanager", stack.notifier.address),
        ("webhook", stack.webhook.address),
        ("logs", str(folder)),
    ):
        table.add_row(f"  {name}", address)
    return table


@contextmanager
def _programs() -> Iterator[ExitStack]:
    """Yield what ends all programs that are started, in peace: a second Ctrl-C would leave some of them running."""
    programs = ExitStack()
    try:
        yield programs
    finally:
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        programs.close()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
