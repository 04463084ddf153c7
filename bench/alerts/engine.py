"""The program that evaluates rules over months of history: built from ``engine/`` once, then called."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from examples.local_stack.backends import NEEDED_GO_IN_WORDS, cache_folder

SOURCES = Path(__file__).parent / "engine"


class EngineError(Exception):
    """The engine cannot be built or run; what it wrote is above, on standard error."""


def build() -> Path:
    """Return the program, built anew where its sources have changed.

    It lies in the cache of the back ends, under the hash of what it was built from. A first build takes
    two minutes or so, for it compiles parts of Prometheus.
    """
    sources = sorted(source for source in SOURCES.iterdir() if not source.name.endswith("_test.go"))
    made_of = hashlib.sha256(b"\0".join(source.name.encode() + b"\0" + source.read_bytes() for source in sources))
    cache = cache_folder()
    program = cache / f"alert-engine-{made_of.hexdigest()[:16]}"
    if program.exists():
        return program
    if shutil.which("go") is None:
        message = f"bench/alerts: the engine needs {NEEDED_GO_IN_WORDS} to be built; there is no go on the path"
        raise EngineError(message)
    cache.mkdir(parents=True, exist_ok=True)
    # Built beside its place and moved there whole: an interrupted build leaves nothing that looks finished.
    with tempfile.TemporaryDirectory(prefix=".engine-", dir=cache) as folder:
        built = Path(folder) / "engine"
        environment = os.environ | {"CGO_ENABLED": "0"}
        _run(["go", "build", "-buildvcs=false", "-trimpath", "-o", str(built), "."], SOURCES, environment)
        for old in cache.glob("alert-engine-*"):
            old.unlink()
        built.replace(program)
    return program


def evaluate(
    healthy: Path,
    rules: Path,
    stretches: Path | None,
    out: Path,
    *,
    step: int = 60,
    workers: int = 2,
    dump: Path | None = None,
    dump_names: str = "",
) -> None:
    """Write a JSON line to ``out`` for each alert that fires in the healthy history and in the stretches.

    Parameters
    ----------
    healthy
        Folder of ``series.json`` and ``values.f64``.
    rules
        File of rules, or a folder of them (``*.yml``).
    stretches
        JSON lines with ``run``, ``at``, ``until`` and ``folder``, which is relative to the file.
    step
        Seconds between evaluations of a group that names no longer interval.
    dump
        Folder for what the rules record, a history for each run; those with a name that matches ``dump_names``.

    Raises
    ------
    EngineError
        The engine has said why on standard error.
    """
    files = sorted(rules.glob("*.yml")) if rules.is_dir() else [rules]
    command = [str(build()), "-healthy", str(healthy), "-out", str(out), "-step", f"{step}s", "-workers", str(workers)]
    command += [word for file in files for word in ("-rules", str(file))]
    if stretches is not None:
        command += ["-stretches", str(stretches)]
    if dump is not None:
        command += ["-dump", str(dump), "-dump-names", dump_names]
    _run(command, Path.cwd(), dict(os.environ))


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    try:
        subprocess.run(command, check=True, cwd=folder, env=environment)
    except (OSError, subprocess.CalledProcessError) as error:
        message = f"bench/alerts: {Path(command[0]).name} failed: {error}"
        raise EngineError(message) from error
