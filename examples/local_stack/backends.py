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
NEEDED_GO_IN_WORDS = f"Go {'.'.join(map(str, NEEDED_GO))} or later"
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
    backends = Backends(cache_folder())
    if go_version() >= NEEDED_GO:
        # What takes minutes tells how far it is; what takes a moment has nothing to tell.
        progress = subprocess.DEVNULL if backends.complete else None
        command = [COLLECTOR_FOLDER / "build.sh", backends.folder]
        built = subprocess.run(command, check=False, timeout=BUILD_SECONDS, stdout=progress)
        if built.returncode != 0:
            message = f"collector/build.sh ended with exit code {built.returncode}; what it said stands above"
            raise StackError(message)
    if not backends.complete:
        message = f"needs the programs of collector/build.sh, and {NEEDED_GO_IN_WORDS} to build them"
        raise BackendsMissingError(message)
    return backends


def cache_folder() -> Path:
    """Return where the programs are kept between runs."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "otel-mlmon" / "backends"


def go_version() -> tuple[int, ...]:
    """Return the version of Go on the path, or nothing: ``()``."""
    go = shutil.which("go")
    if go is None:
        return ()
    answer = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False, timeout=60)
    found = re.match(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else ()
