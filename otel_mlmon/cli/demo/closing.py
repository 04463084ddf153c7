"""The closing words in the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from otel_mlmon.cli.demo.run import Outcome
from otel_mlmon.cli.demo.summary import Summary, summarise

LOUD = "bold red"
CALM = "green"


def closing(outcome: Outcome) -> RenderableType:
    """Return what happened, the figures, and what to do first."""
    summary = summarise(outcome)
    parts: list[RenderableType] = [
        Text(f"\n{outcome.story.title}. {summary.headline}.", style="bold"),
        *(Text(f"  {sentence}") for sentence in summary.sentences),
        _table(outcome, summary),
    ]
    if outcome.story.breaks is not None:
        parts.append(Text("What to do first", style="bold"))
        parts += [Text(f"  {number}. {step}") for number, step in enumerate(outcome.story.advice, start=1)]
    overhead = outcome.overhead
    parts.append(
        Text(
            f"\nInstrumentation: +{overhead.added:.0f} µs on a call of {overhead.bare:,.0f} µs "
            f"({overhead.share:+.0%}). The whole run took {outcome.seconds:.0f} s.",
            style="dim",
        )
    )
    return Padding(Group(*parts), (0, 1), expand=False)


def _table(outcome: Outcome, summary: Summary) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    told = outcome.story.breaks is not None
    table.add_column("")
    for heading in ("before", "during", "after") if told else ("",):
        table.add_column(heading, justify="right")
    table.add_column("")
    for row in summary.rows:
        verdict = Text(row.verdict, style=LOUD if row.jumped else CALM)
        values = (row.before, row.during, row.after) if told else (row.before,)
        table.add_row(row.label, *values, verdict)
    return table
