"""The tables that ``check`` prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from otel_mlmon.cli.check.adapters import AdapterStatus, State
from otel_mlmon.cli.check.files import MAX_FILES, FoundModel
from otel_mlmon.cli.check.series import ModelBound

STYLES = {State.ACTIVE: "green", State.NOT_INSTALLED: "dim", State.TOO_OLD: "red", State.SWITCHED_OFF: "yellow"}


def adapters_table(statuses: Sequence[AdapterStatus]) -> RenderableType:
    """Return the adapters whose library is here, a row each, and the names of the others."""
    here = [status for status in statuses if status.state is not State.NOT_INSTALLED]
    absent = [status.adapter.name for status in statuses if status.state is State.NOT_INSTALLED]
    table = Table(
        "adapter", "library", "installed", "supported", "state", box=None, pad_edge=False, header_style="bold"
    )
    for status in here:
        table.add_row(
            status.adapter.name,
            status.library or "Python",
            status.installed or "",
            status.supported,
            Text(status.state.value, STYLES[status.state]),
        )
    return Group(table, Text(f"\nnot installed: {', '.join(absent)}", "dim")) if absent else table


def models_table(found: Sequence[FoundModel]) -> RenderableType:
    """Return the models that were found, a row each."""
    if not found:
        return Text("no model files found: models that are made in code are called as their class")
    table = Table("model", "adapter", "rule", "file", box=None, pad_edge=False, header_style="bold")
    for model in found:
        rule = "" if model.rule is None else f"models[{model.rule}]"
        table.add_row(Text(model.name, "bold"), model.adapter, rule, Text(str(model.file), overflow="fold"))
    if len(found) < MAX_FILES:
        return table
    return Group(table, Text(f"\nonly the first {MAX_FILES} files are shown", "dim"))


def series_table(bounds: Sequence[ModelBound], limit: int) -> RenderableType:
    """Return the most series that the configured models may have, a row a metric."""
    table = Table("model", "metric", box=None, pad_edge=False, header_style="bold")
    for column in ("attribute sets", "Prometheus series"):
        table.add_column(column, justify="right")
    for bound in bounds:
        if table.row_count:
            table.add_row()
        for place, metric in enumerate(bound.metrics):
            name = Text("" if place else bound.name, "bold")
            table.add_row(name, metric.metric, f"{metric.attribute_sets:,}", f"{metric.prometheus:,}")
        style = "bold" if bound.attribute_sets <= limit else "bold red"
        sums = (Text(f"{number:,}", style) for number in (bound.attribute_sets, bound.prometheus))
        table.add_row("", Text("all", "bold"), *sums)
    note = f"\nat most, for each version and operation of a model; limits.series allows {limit:,} attribute sets"
    return Group(table, Text(note, "dim"))
