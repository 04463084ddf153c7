"""The subcommand ``demo``."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from otel_mlmon.cli.demo.story import STORIES, Incident
from otel_mlmon.cli.failure import Failure, needs_extra


def demo(
    *,
    incident: Annotated[Incident, typer.Option(help="What breaks.")] = Incident.UNIT_CHANGE,
    report: Annotated[Path | None, typer.Option(help="Write the closing report as one HTML file.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the live screen of the incident as a picture.")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="How long the replay takes, at least.")] = 35,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the service; 0 is any free one.")] = 0,
    plain: Annotated[bool, typer.Option("--plain", help="Print lines, also in a terminal.")] = False,
) -> None:
    """Watch an unmodified service meet an incident: real flights, a real model, real telemetry."""
    if find_spec("examples") is None:
        message = "the example service is in the repository, not in the package: run `make demo` in a clone of it"
        raise Failure(message)
    with needs_extra("demo"):
        from otel_mlmon.cli.demo.session import tell  # noqa: PLC0415  (the extra may be missing)

    tell(
        STORIES[incident],
        seconds=seconds,
        port=port,
        live=sys.stdout.isatty() and not plain,
        report_file=report,
        picture_file=svg,
    )
