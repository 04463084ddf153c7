"""A service as its users start it, instrumented, with all that it exports going to this command."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sysconfig
from importlib.metadata import entry_points
from pathlib import Path
from threading import Event
from time import monotonic
from types import TracebackType
from typing import Final

from attrs import frozen

from otel_mlmon.capture.witness import OTEL_MLMON_WITNESS
from otel_mlmon.cli.failure import Failure
from otel_mlmon.config.environment_variables import OTEL_MLMON_CONFIG

STOP_SECONDS: Final = 10.0
EXPORT_MILLISECONDS: Final = 500
POLL_SECONDS: Final = 0.05
LAST_LINES: Final = 12


@frozen
class Setting:
    """What the service is started with.

    Attributes
    ----------
    command
        As in a shell, but that nothing in it is expanded.
    config
        Path of ``mlmon.yaml``; None: the environment's.
    witness, log
        Files for what the service tells of itself, and for what it prints.
    """

    command: str
    config: Path | None
    otlp_endpoint: str
    witness: Path
    log: Path


class ServiceProcess:
    """Runs between ``with`` and its end, which ends its whole group of processes."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ServiceProcess:
        arguments = _arguments(self._setting.command)
        with self._setting.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (what the user asked to run)
                arguments,
                env=_environment(self._setting),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A group of its own, which is stopped as a whole; Ctrl-C reaches this command only.
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            group = self._process.pid
            if not self._ends(group, signal.SIGTERM, STOP_SECONDS):
                self._ends(group, signal.SIGKILL, STOP_SECONDS)
            self._process.wait()

    @property
    def exit_code(self) -> int | None:
        """What it ended with by itself; None while it runs."""
        return None if self._process is None else self._process.poll()

    def last_words(self) -> str:
        """Return the last lines that it printed."""
        lines = self._setting.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "".join(f"\n    {line}" for line in lines[-LAST_LINES:])

    def _ends(self, group: int, kind: signal.Signals, patience: float) -> bool:
        """Send a signal to all processes of the group, and tell whether they end in time."""
        pause, deadline = Event(), monotonic() + patience
        send = kind.value
        while monotonic() < deadline:
            if self._process is not None:
                # Only then is it gone.
                self._process.poll()
            try:
                os.killpg(group, send)
            except (ProcessLookupError, PermissionError):
                return True
            # From now on it is only asked whether there is anybody left.
            send = 0
            pause.wait(POLL_SECONDS)
        return False


def _arguments(command: str) -> list[str]:
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        message = f"--run cannot be read as a command: {error}: {command}"
        raise Failure(message) from error
    if not arguments:
        message = "--run needs the command that starts the service: --run 'python -m service'"
        raise Failure(message)
    if shutil.which(arguments[0], path=_path()) is None:
        message = f"--run: there is no command '{arguments[0]}'"
        raise Failure(message)
    if not entry_points(group="opentelemetry_configurator"):
        message = "without opentelemetry-distro nothing is exported: pip install opentelemetry-distro"
        raise Failure(message)
    return [str(Path(sysconfig.get_path("scripts")) / "opentelemetry-instrument"), *arguments]


def _path() -> str:
    # `python` is the one of this environment, as where it is activated.
    return os.pathsep.join(filter(None, [sysconfig.get_path("scripts"), os.environ.get("PATH")]))


def _environment(setting: Setting) -> dict[str, str]:
    # Where and how the service usually exports is of no account here; all else is as in production.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OTEL_EXPORTER_", "OTEL_METRIC_EXPORT_")) and name != "OTEL_CONFIG_FILE"
    }
    return {
        **kept,
        "PATH": _path(),
        "OTEL_EXPORTER_OTLP_ENDPOINT": setting.otlp_endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_METRIC_EXPORT_INTERVAL": str(EXPORT_MILLISECONDS),
        OTEL_MLMON_WITNESS: str(setting.witness),
        **({} if setting.config is None else {OTEL_MLMON_CONFIG: str(setting.config.absolute())}),
    }
