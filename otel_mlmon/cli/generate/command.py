"""The subcommand ``generate prometheus``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from otel_mlmon.backends.prometheus.generated import files
from otel_mlmon.backends.prometheus.model_rules import alerts
from otel_mlmon.cli.configured import Configured, configured
from otel_mlmon.cli.failure import Failure

app = typer.Typer(help="Write what your back end alerts on, from mlmon.yaml and its baselines.", no_args_is_help=True)


@app.callback()
def generate() -> None:
    """Write what your back end alerts on, from mlmon.yaml and its baselines."""


@app.command()
def prometheus(
    *,
    config: Annotated[Path | None, typer.Option(help="mlmon.yaml; default: the file OTEL_MLMON_CONFIG names.")] = None,
    out: Annotated[Path, typer.Option(help="The folder that the files go into.")] = Path("prometheus"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing: fail when the files are stale.")] = False,
) -> None:
    """Write recording rules, alerts, tests of these, a runbook, and Alertmanager's routes."""
    found = configured(config)
    command = f"otel-mlmon generate prometheus --config {shlex.quote(str(found.file))} --out {shlex.quote(str(out))}"
    made = files(found.subjects, str(found.file), command)
    if check:
        _compare(out, made, command)
        return
    for name, text in made.items():
        _write(out / name, text)
    _tell(found, out)


def _compare(out: Path, made: dict[str, str], command: str) -> None:
    stale = [name for name, text in made.items() if _read(out / name) != text]
    left = [name for name in _generated(out) if name not in made]
    said = [f"{out / name} is stale" for name in stale] + [f"{out / name} is of no model" for name in left]
    if said:
        message = "\n".join([*said, f"make them again: {command}" if stale else "delete it"])
        raise Failure(message)


def _generated(out: Path) -> list[str]:
    """Return the files that an earlier configuration may have left."""
    return sorted(
        str(file.relative_to(out))
        for pattern in ("rules/*.yml", "tests/*.test.yml", "runbook/*.md")
        for file in out.glob(pattern)
    )


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise Failure(message) from error


def _tell(found: Configured, out: Path) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for subject in found.subjects:
        pages = [alert.name for alert in alerts(subject) if alert.severity.value == "page"]
        tickets = [alert.name for alert in alerts(subject) if alert.severity.value == "ticket"]
        console.print(
            f"{subject.name}: {len(dict.fromkeys(pages))} alerts page, {len(dict.fromkeys(tickets))} make tickets",
            markup=False,
        )
    console.print(
        f"wrote {out}: rules/ for Prometheus, tests/ for promtool, runbook/ for people, alertmanager.yml", markup=False
    )
