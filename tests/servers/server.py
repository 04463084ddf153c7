"""A server as operators run it: by its own command line, until a signal ends it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from .arrived import Arrived
from .asked import Iris, Rows

START_SECONDS = 180.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.05
AT_THE_END_ONLY = 3_600_000
"""Milliseconds between exports: what arrives is what processes hand on at their end."""

SCRIPTS = Path(sys.executable).parent


class Server:
    """A running server.

    Parameters
    ----------
    command
        Its own, or ``opentelemetry-instrument`` with its own.
    address
        Where it listens.
    """

    def __init__(self, command: Sequence[str], address: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.address = address
        self.log_file = folder / "server.log"
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [str(SCRIPTS / command[0]), *command[1:]],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self) -> str:
        """Return what it has written."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def await_ready(self, path: str) -> None:
        """Return when it answers."""
        self.await_that(f"it answers {path}", lambda: httpx.get(f"{self.address}{path}", timeout=10).is_success)

    def await_that(self, what: str, check: Callable[[], bool], within: float = START_SECONDS) -> None:
        """Return when ``check`` is true; a failed connection counts as "not yet"."""
        deadline = time.monotonic() + within
        while True:
            with suppress(httpx.TransportError):
                if check():
                    return
            assert time.monotonic() < deadline, f"after {within:.0f} s still not: {what}\n{self.log()[-6000:]}"
            time.sleep(POLL_SECONDS)

    def post(self, path: str, body: Any) -> Any:
        """Return what a request is answered; each has a connection of its own, so that all workers get some."""
        answer = httpx.post(f"{self.address}{path}", json=body, timeout=60)
        assert answer.is_success, f"{answer.status_code} {answer.text}\n{self.log()[-6000:]}"
        return answer.json()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal to the command's process, as an orchestrator does, and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End all that is left of it; what it has put into other process groups, only it can end."""
        with suppress(subprocess.TimeoutExpired):
            self.process.terminate()
            self.process.wait(15)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def environment_of(otlp: str, folder: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a server that exports to an address when its processes end."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PYTEST_"))},
        "HOME": str(folder),
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
        "OTEL_SERVICE_NAME": "iris-service",
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRIC_EXPORT_INTERVAL": str(AT_THE_END_ONLY),
        "OTEL_LOGS_EXPORTER": "none",
        **variables,
    }


Ask = Callable[[Server, Rows], tuple[str, NDArray[np.float64]]]
"""Asks a server, and returns which process answered what."""


def ask_by_json(server: Server, batch: Rows) -> tuple[str, NDArray[np.float64]]:
    """Ask one of the services that the tests write."""
    answer = server.post("/predict", {"rows": batch})
    return str(answer["process"]), np.asarray(answer["probabilities"])


def ask_all(server: Server, iris: Iris, ask: Ask = ask_by_json, processes: int = 1) -> list[NDArray[np.float64]]:
    """Send requests until that many processes have answered some; return all answers, checked against the model."""
    answers: list[NDArray[np.float64]] = []
    seen: set[str] = set()
    with ThreadPoolExecutor(4) as pool:
        deadline = time.monotonic() + START_SECONDS
        while not answers or len(seen) < processes:
            assert time.monotonic() < deadline, f"only {len(seen)} processes answered"
            batches = iris.batches()
            for batch, (process, answer) in zip(batches, pool.map(lambda one: ask(server, one), batches), strict=True):
                np.testing.assert_allclose(answer, iris.probabilities(batch))
                answers.append(answer)
                seen.add(process)
    assert len(seen) == processes
    return answers


def await_calls(server: Server, arrived: Arrived, calls: int) -> None:
    """Return when that many calls have arrived."""
    server.await_that(f"{calls} calls arrived", lambda: arrived.calls() >= calls, within=20)
