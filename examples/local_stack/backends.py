"""Where the real programs are, and how they get there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from attrs import frozen

from examples.local_stack.failure import StackError

ROOT = Path(__file__).resolve().parents[2]
COLLECTOR_FOLDER = ROOT / "collector"
NEEDED_GO = (1, 26)
BUILD_SECONDS = 1500


class BackendsMissingError(StackError):
    """The programs are not there and cannot be built here; the message says why."""


@frozen
class Backends:
    """The programs that ``collector/build.sh`` builds."""

    folder: Path

    @property
    def collector(self) -> Path:
        return self.folder / "otelcol-mlmon"

    @property
    def prometheus(self) -> Path:
        return self.folder / "prometheus"

    @property
    def promtool(self) -> Path:
        return self.folder / "promtool"

    @property
    def alertmanager(self) -> Path:
        return self.folder / "alertmanager"

    @property
    def amtool(self) -> Path:
        return self.folder / "amtool"

    @property
    def complete(self) -> bool:
        programs = (self.collector, self.prometheus, self.promtool, self.alertmanager, self.amtool)
        return all(os.access(program, os.X_OK) for program in programs)


def find_backends() -> Backends:
    """Return the programs, built anew where a version or the manifest has changed.

    Raises
    ------
    BackendsMissingError
        There is no Go to build them with and they are not in the cache.
    StackError
        The build fails.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    backends = Backends(cache / "otel-mlmon" / "backends")
    if go_version() >= NEEDED_GO:
        # What takes minutes tells how far it is; what takes a moment has nothing to tell.
        progress = subprocess.DEVNULL if backends.complete else None
        command = [COLLECTOR_FOLDER / "build.sh", backends.folder]
        built = subprocess.run(command, check=False, timeout=BUILD_SECONDS, stdout=progress)
        if built.returncode != 0:
            message = f"collector/build.sh ended with exit code {built.returncode}; what it said stands above"
            raise StackError(message)
    if not backends.complete:
        wanted = ".".join(map(str, NEEDED_GO))
        message = f"needs the programs of collector/build.sh, and Go {wanted} or later to build them"
        raise BackendsMissingError(message)
    return backends


def go_version() -> tuple[int, ...]:
    """Return the version of Go on the path, or nothing: ``()``."""
    go = shutil.which("go")
    if go is None:
        return ()
    answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, timeout=60)
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else ()
