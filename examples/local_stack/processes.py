"""Start a program, know when it is ready, and end exactly that program."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx

from examples.local_stack.failure import StackError
from examples.local_stack.waiting import await_until

STOP_SECONDS = 15.0
START_SECONDS = 60.0
LOG_TAIL = 6000
"""Characters of a log that a failure shows."""


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody listens on; all different."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class ProgramEndedError(StackError):
    """A program ended while it was waited for."""


class Program:
    """A program that can be started, stopped, killed and started again, in a process group of its own.

    Parameters
    ----------
    health
        An address that answers 200 once the program is ready.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        health: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log_file = folder / f"{name}.log"
        self._command = [str(part) for part in command]
        self._health = health
        self._folder = folder
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and return when it answers."""
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        await_until(f"{self.name} answers at {self._health}", self._ready, START_SECONDS)

    def stop(self) -> int:
        """Send SIGTERM, as an orchestrator does, and return the exit status; kill what does not end."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """End it with no chance to say goodbye."""
        return self._end(signal.SIGKILL)

    def log(self) -> str:
        """Return all that it has written."""
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def _ready(self) -> bool:
        if not self.running:
            message = f"{self.name} ended while starting:\n{self.log()[-LOG_TAIL:]}"
            raise ProgramEndedError(message)
        return httpx.get(self._health, timeout=2, trust_env=False).status_code == httpx.codes.OK

    def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        finally:
            # Children that outlived their parent, or all of them when the parent did not end.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._process = None
