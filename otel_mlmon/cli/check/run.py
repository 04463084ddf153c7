"""``check --run``: what really arrives from a service."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic
from types import FrameType
from typing import Final

from rich.console import Console

from otel_mlmon.cli.check.arrived import Arrived, ArrivedModel
from otel_mlmon.cli.check.diagnosis import Run, missing
from otel_mlmon.cli.check.process import ServiceProcess, Setting
from otel_mlmon.cli.check.run_view import arrived_table
from otel_mlmon.cli.check.told import Told
from otel_mlmon.cli.receiver import Receiver
from otel_mlmon.config.schema import Configuration

LOOK_SECONDS: Final = 0.2
TERMINATED: Final = 128 + signal.SIGTERM


def watch(command: str, config: Path | None, configuration: Configuration, seconds: float, console: Console) -> bool:
    """Run a service, show what arrives, and tell whether that is all that is configured."""
    arrived = Arrived()
    with TemporaryDirectory(prefix="otel-mlmon-") as folder, _terminable():
        witness, log = Path(folder, "witness.jsonl"), Path(folder, "log")
        started = monotonic()
        with Receiver(arrived.take) as receiver:
            with ServiceProcess(Setting(command, config, receiver.endpoint, witness, log)) as service:
                _wait(service, arrived, started, seconds, console)
                exit_code = service.exit_code
            # Not before its end: that is when a service exports the last of it.
            lasted = monotonic() - started if exit_code is not None else seconds
            run = Run(lasted, arrived.models(), Told.read(witness), arrived.errors())
        said = missing(configuration, run)
        has_failed = exit_code not in (None, 0)
        if has_failed:
            said.append(f"the command ended with exit code {exit_code}")
        if run.models:
            console.print(arrived_table(run.models))
        for line in said:
            console.print(f"✗ {line}", style="red", markup=False, soft_wrap=True)
        if has_failed or not run.models:
            console.print(f"the command's last lines:{service.last_words() or ' none'}", markup=False, soft_wrap=True)
    return not said


def _wait(service: ServiceProcess, arrived: Arrived, started: float, seconds: float, console: Console) -> None:
    pause, deadline = Event(), started + seconds
    with console.status("starting") as status:
        while monotonic() < deadline and service.exit_code is None:
            pause.wait(LOOK_SECONDS)
            status.update(_line(arrived.models(), monotonic() - started))


def _line(models: list[ArrivedModel], seconds: float) -> str:
    calls = sum(model.calls for model in models)
    return f"{seconds:.0f} s: {calls:,} calls of {', '.join(model.name for model in models) or 'no model'}"


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the block as an exception does: the service must not outlive this command."""

    def end(_number: int, _frame: FrameType | None) -> None:
        sys.exit(TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
