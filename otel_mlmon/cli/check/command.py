"""The subcommand ``check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from otel_mlmon.adapters import BUILT_IN
from otel_mlmon.capture.own_code import ADAPTER as OWN_CODE
from otel_mlmon.capture.registry import with_plugins
from otel_mlmon.cli.check.adapters import status_of
from otel_mlmon.cli.check.files import find
from otel_mlmon.cli.check.series import excesses, series_bounds
from otel_mlmon.cli.check.view import adapters_table, models_table, series_table
from otel_mlmon.cli.failure import Failure
from otel_mlmon.config.parameters import resolve
from otel_mlmon.instrumentor import disabled_adapters


def check(
    *,
    folders: Annotated[list[Path] | None, typer.Argument(exists=True, help="Files and folders with models.")] = None,
    config: Annotated[Path | None, typer.Option(help="mlmon.yaml; default: the file OTEL_MLMON_CONFIG names.")] = None,
) -> None:
    """Say what would be observed here: adapters, their libraries, how many series there may be, and models in folders."""
    loaded = resolve(config=None if config is None else str(config))
    console = Console(highlight=False)
    adapters, disabled = with_plugins((*BUILT_IN, OWN_CODE)), disabled_adapters()
    statuses = [status_of(adapter, loaded.configuration, disabled) for adapter in adapters]
    console.print(adapters_table(statuses))
    if loaded.configuration.models:
        console.print()
        console.print(series_table(series_bounds(loaded.configuration), loaded.configuration.limits.series))
    if folders:
        console.print()
        console.print(models_table(find(folders, adapters, loaded.configuration)))
    wrong = [*map(str, loaded.problems), *excesses(loaded.configuration)]
    if wrong:
        raise Failure("\n".join(wrong))
