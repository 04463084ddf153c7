"""The subcommand ``backtest``."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from otel_mlmon.cli.configured import configured
from otel_mlmon.cli.failure import Failure

TOKEN: Final = "PROMETHEUS_TOKEN"  # noqa: S105  (the variable's name)


def backtest(
    *,
    prometheus: Annotated[str, typer.Option(help="Its address; the part before /api/v1.")],
    config: Annotated[Path | None, typer.Option(help="mlmon.yaml; default: the file OTEL_MLMON_CONFIG names.")] = None,
    model: Annotated[str | None, typer.Option(help="Only this one; default: all.")] = None,
    weeks: Annotated[int, typer.Option(min=2, help="How far to look back.")] = 4,
    step: Annotated[str, typer.Option(help="Between two evaluations; with 1m as in Prometheus, and slower.")] = "5m",
    pages_per_month: Annotated[float, typer.Option(min=0, help="That an alert may send.")] = 1,
    tickets_per_week: Annotated[float, typer.Option(min=0, help="That an alert may open.")] = 1,
    without: Annotated[
        list[str] | None, typer.Option(help="Days of an incident, 2026-10-03..2026-10-05 in UTC; repeat it.")
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option(help="Of each question: 'X-Scope-OrgID: team'; repeat it.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Put what is proposed into the configuration.")] = False,
) -> None:
    """Run the alerts over the history that a Prometheus has, say what would have fired, and propose thresholds.

    Nothing needs to be recorded there yet. A bearer token is taken from PROMETHEUS_TOKEN.
    """
    from otel_mlmon.cli.backtest import times  # noqa: PLC0415  (needs numpy, which other commands do not)
    from otel_mlmon.cli.backtest.prometheus import new_prometheus  # noqa: PLC0415
    from otel_mlmon.cli.backtest.proposals import Quiet  # noqa: PLC0415
    from otel_mlmon.cli.backtest.session import Request, run  # noqa: PLC0415
    from otel_mlmon.cli.backtest.view import shown  # noqa: PLC0415
    from otel_mlmon.cli.backtest.writing import suggested, written  # noqa: PLC0415

    found = configured(config)
    request = Request(
        prometheus=new_prometheus(prometheus, tuple(header or ()), os.environ.get(TOKEN, "").strip() or None),
        subjects=tuple(subject for subject in found.subjects if model in (None, subject.name)),
        until=int(time.time()),
        weeks=weeks,
        step=times.step(step),
        without=tuple(map(times.stretch, without or ())),
        quiet=Quiet(pages_per_month, tickets_per_week),
    )
    if not request.subjects:
        known = ", ".join(subject.name for subject in found.subjects)
        message = f"--model {model!r} is not in {found.file}: it has {known}"
        raise Failure(message)
    reports = run(request, Console(stderr=True))
    console = Console(highlight=False)
    for report in reports:
        console.print(shown(report))
        console.print()
    console.print(written(found.file, reports) if write else suggested(reports), markup=False, soft_wrap=True)
