"""The example service as a process of its own, started the way its users are told to start it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path
from threading import Event
from time import monotonic
from types import TracebackType

import httpx
from attrs import frozen

from otel_mlmon.cli.failure import Failure

START_SECONDS = 40.0
STOP_SECONDS = 10.0
EXPORT_MILLISECONDS = 200
LAST_LINES = 8


@frozen
class Setting:
    """What a service is started with."""

    root: Path
    """The folder that holds ``examples/flight_delay``."""
    model: Path
    otlp_endpoint: str
    port: int
    log: Path
    instance: str
    """Becomes ``service.instance.id``: each process counts from zero, and their counts are to be added."""


class Service:
    """Runs between ``with`` and its end; exactly this process is stopped."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self._setting.port}"

    def __enter__(self) -> Service:
        with self._setting.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (our own command line)
                _command(self._setting.port),
                cwd=self._setting.root,
                env=_environment(self._setting),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches the command only, which then stops the service in its own time.
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; what it has not exported yet, it exports now."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def require_alive(self) -> None:
        """Raise the failure that says why, if the process has ended."""
        if self._process is not None and self._process.poll() is not None:
            message = f"the service ended with exit code {self._process.returncode}{self._last_words()}"
            raise Failure(message)

    def _wait_until_ready(self) -> None:
        deadline = monotonic() + START_SECONDS
        pause = Event()
        with httpx.Client(base_url=self.address, timeout=2, trust_env=False) as client:
            while monotonic() < deadline:
                self.require_alive()
                try:
                    if client.get("/healthz").status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pause.wait(0.05)
        message = f"the service did not answer on {self.address} in {START_SECONDS:.0f} s{self._last_words()}"
        raise Failure(message)

    def _last_words(self) -> str:
        lines = self._setting.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "".join(f"\n    {line}" for line in lines[-LAST_LINES:])


def free_port(wanted: int = 0) -> int:
    """Return the wanted loopback port, or any free one for 0.

    Raises
    ------
    Failure
        When the wanted port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            message = f"port {wanted} is taken: choose another with --port, or leave it out for any free one"
            raise Failure(message) from error
        port: int = probe.getsockname()[1]
        return port


def _command(port: int) -> list[str]:
    scripts = Path(sysconfig.get_path("scripts"))
    serve = ["-m", "uvicorn", "examples.flight_delay.service:app", "--port", str(port), "--no-access-log"]
    return [str(scripts / "opentelemetry-instrument"), sys.executable, *serve]


def _environment(setting: Setting) -> dict[str, str]:
    # Settings of the shell that the command runs in are for other services.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return inherited | {
        "MODEL_PATH": str(setting.model),
        "OMP_NUM_THREADS": "1",
        "OTEL_SERVICE_NAME": "flight-delay",
        "OTEL_RESOURCE_ATTRIBUTES": f"service.instance.id={setting.instance}",
        "OTEL_EXPORTER_OTLP_ENDPOINT": setting.otlp_endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_METRIC_EXPORT_INTERVAL": str(EXPORT_MILLISECONDS),
        "OTEL_MLMON_CONFIG": str(setting.root / "examples" / "flight_delay" / "mlmon.yaml"),
    }
