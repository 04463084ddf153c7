"""The tables of what is configured for each model, and of what arrived from a service."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from otel_mlmon import semconv
from otel_mlmon.cli.check.arrived import ArrivedModel
from otel_mlmon.config.checks import Check
from otel_mlmon.config.schema import ModelRule
from otel_mlmon.config.words import check_in_words, input_in_words, match_in_words, segments_in_words

MAX_VALUES = 4
"""Values of a segment that are shown."""


def plan_table(rules: Sequence[ModelRule]) -> RenderableType:
    """Return what is configured for models, by rule."""
    table = _table("model", "match", "segments", "inputs", "check", "fails when", "usual", "budget")
    for place, rule in enumerate(rules):
        if table.row_count:
            table.add_row()
        columns = (
            [rule.name or f"models[{place}]"],
            [match_in_words(rule.match)],
            segments_in_words(rule.segments),
            [input_in_words(watched) for watched in rule.inputs],
        )
        for number, (model, match, segment, watched, check) in enumerate(zip_longest(*columns, rule.checks)):
            style = "" if number else "bold"
            row = [Text(text or "", overflow="fold") for text in (match, segment, watched)]
            table.add_row(Text(model or "", style), *row, *_of_check(check))
    return table


def arrived_table(models: Sequence[ArrivedModel]) -> RenderableType:
    """Return what arrived from a service, by model."""
    table = _table("model", "framework", "operation", "segments", "checks")
    for column in ("calls", "rows"):
        table.add_column(column, justify="right")
    for model in models:
        operations = [f"{name} {calls:,}" for name, calls in model.operations.items()]
        operations += [f"{kind} {times:,}" for kind, times in model.failures.items()]
        segments = [_segment(key, values) for key, values in model.segments.items()]
        checks = [
            f"{name}: {said[semconv.OUTCOME_PASS]:,} pass, {said[semconv.OUTCOME_FAIL]:,} fail"
            for name, said in model.checks.items()
        ]
        sums = [f"{model.calls:,}"], [f"{model.rows:,}"]
        framework = [f"{model.framework} {model.kind}".strip()]
        for number, row in enumerate(zip_longest([model.name], framework, operations, segments, checks, *sums)):
            first, *others = (text or "" for text in row)
            table.add_row(Text(first, "" if number else "bold"), *map(Text, others))
    return table


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False, header_style="bold")


def _of_check(check: Check | None) -> tuple[Text, ...]:
    if check is None:
        return (Text(), Text(), Text(), Text())
    usual = "" if check.usual is None else f"{100 * check.usual:g} %"
    budget = "" if check.call is None else f"{1000 * check.budget:g} ms"
    return Text(check.name), Text(check_in_words(check), overflow="fold"), Text(usual), Text(budget)


def _segment(key: str, values: set[str]) -> str:
    shown = sorted(values)[:MAX_VALUES]
    return f"{key}: {', '.join(shown)}{', …' if len(values) > len(shown) else ''}"
