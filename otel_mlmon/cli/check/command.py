"""The subcommand ``check``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from otel_mlmon.adapters import BUILT_IN
from otel_mlmon.capture.own_code import ADAPTER as OWN_CODE
from otel_mlmon.capture.registry import with_plugins
from otel_mlmon.cli.check.adapters import status_of
from otel_mlmon.cli.check.files import find
from otel_mlmon.cli.check.references import rules_that_never_hold, wrong_references
from otel_mlmon.cli.check.run import watch
from otel_mlmon.cli.check.run_view import plan_table
from otel_mlmon.cli.check.series import excesses, series_bounds
from otel_mlmon.cli.check.view import adapters_table, models_table, series_table
from otel_mlmon.cli.failure import Failure
from otel_mlmon.config.environment_variables import OTEL_MLMON_CONFIG
from otel_mlmon.config.parameters import resolve
from otel_mlmon.instrumentor import disabled_adapters

NOT_ALL_ARRIVED = 2
"""Exit code."""


def check(
    *,
    folders: Annotated[list[Path] | None, typer.Argument(exists=True, help="Files and folders with models.")] = None,
    config: Annotated[Path | None, typer.Option(help="mlmon.yaml; default: the file OTEL_MLMON_CONFIG names.")] = None,
    run: Annotated[
        str | None, typer.Option(help="A command that starts the service: it is run, and what arrives is shown.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="For which --run watches it.")] = 20,
) -> None:
    """Say what is observed here, what is wrong with mlmon.yaml, and what a service really reports.

    Exit code 1: the configuration is wrong. 2: not all that is configured arrived from --run.
    """
    loaded = resolve(config=None if config is None else str(config))
    console = Console(highlight=False)
    adapters, disabled = with_plugins((*BUILT_IN, OWN_CODE)), disabled_adapters()
    statuses = [status_of(adapter, loaded.configuration, disabled) for adapter in adapters]
    console.print(adapters_table(statuses))
    if loaded.configuration.models:
        console.print()
        console.print(plan_table(loaded.configuration.models))
        console.print()
        console.print(series_table(series_bounds(loaded.configuration), loaded.configuration.limits.series))
    if folders:
        console.print()
        console.print(models_table(find(folders, adapters, loaded.configuration)))
    file = str(config or os.environ.get(OTEL_MLMON_CONFIG, "").strip())
    problems = list(loaded.problems)
    if file:
        # As `python` does: what a configuration refers to is often the user's own module.
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
        problems += wrong_references(file, {adapter.name for adapter in adapters})
    wrong = [*map(str, problems), *excesses(loaded.configuration)]
    if wrong:
        raise Failure("\n".join(wrong))
    for warning in rules_that_never_hold(file, loaded.configuration) if file else ():
        console.print(f"\nwarning: {warning}", style="yellow", markup=False, soft_wrap=True)
    if run is not None:
        console.print()
        if not watch(run, config, loaded.configuration, seconds, console):
            raise typer.Exit(NOT_ALL_ARRIVED)
