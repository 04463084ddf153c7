"""The run as a live screen."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from io import StringIO
from typing import Final

from attrs import define
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.box import ROUNDED
from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from otel_mlmon.cli.demo.bins import LABELS, shares
from otel_mlmon.cli.demo.journal import origin_figures
from otel_mlmon.cli.demo.player import WHEN
from otel_mlmon.cli.demo.story import Phase
from otel_mlmon.cli.demo.view import WINDOW_ROWS, FigureView, View, decimals

WIDTH: Final = 116
BAR: Final = 26
FONT_FACE: Final = re.compile(r"@font-face \{\{.*?\}\}", re.DOTALL)
SPARKS: Final = "▁▂▃▄▅▆▇█"
HISTORY_HOURS: Final = 56
LOUD: Final = "bold red"
CALM: Final = "green"
NOW: Final = "cyan"
FAINT: Final = "bright_black"
PHASE_STYLES: Final = {Phase.HEALTHY: CALM, Phase.INCIDENT: LOUD, Phase.FIXED: "yellow"}


@define
class LiveDisplay:
    """Draws the newest view in place; events scroll by above it."""

    live: Live

    def step(self, text: str) -> None:
        """Show what is being prepared."""
        self.live.update(Text(f"  {text} …", style=FAINT), refresh=True)

    def event(self, text: str) -> None:
        """Print what has happened above the screen."""
        self.live.console.print(Text(text, style=LOUD if "ALARM" in text else "bold"))

    def show(self, view: View) -> None:
        """Draw the screen."""
        self.live.update(screen(view))


def screen(view: View) -> RenderableType:
    """Return the whole screen of a view, ``WIDTH`` columns wide."""
    middle = Table.grid(expand=True, padding=(0, 1, 0, 0))
    middle.add_column(ratio=6)
    middle.add_column(ratio=7)
    middle.add_row(
        _framed("Scores", _scores(view)),
        Group(_framed("By origin", _origins(view)), _framed("Distance from any healthy hours", _watches(view))),
    )
    return Group(_headline(view), middle, _framed(f"Figures of the last {WINDOW_ROWS} flights", _figures(view)))


def picture(view: View) -> str:
    """Return the screen of a view as an SVG document."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(screen(view))
    # Without the fonts that rich would have the reader's browser fetch.
    frame = FONT_FACE.sub("", CONSOLE_SVG_FORMAT)
    return console.export_svg(title="otel-mlmon demo", code_format=frame)


def _headline(view: View) -> RenderableType:
    line = Text.assemble(
        (f"{view.ends:{WHEN}}", "bold"),
        "   ",
        (f"● {view.phase.value}", PHASE_STYLES[view.phase]),
        f"   {view.calls:,} model calls   {view.rows_per_second:,.0f} flights/s   "
        f"sent {view.rows_sent:,} = counted {view.rows_counted:,}",
    )
    if view.minutes_to_alarm is not None:
        line.append(f"\nseen {view.minutes_to_alarm} replayed minutes after the first broken answer", style=LOUD)
    return Panel(line, title=f"[bold]{view.title}[/]", title_align="left", box=ROUNDED, border_style=FAINT)


def _framed(title: str, content: RenderableType) -> RenderableType:
    return Panel(content, title=title, title_align="left", box=ROUNDED, border_style=FAINT, padding=(0, 1))


def _scores(view: View) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style=FAINT)
    table.add_column(width=BAR)
    table.add_column(justify="right", style=NOW)
    table.add_column(justify="right", style=FAINT)
    table.add_row("", Text("█ now  ┃ training", style=FAINT), "now", "training")
    now = shares(view.window.answers.overall.counts)
    usual = shares(view.baseline.overall.counts)
    for label, seen, expected in zip(LABELS, now, usual, strict=True):
        table.add_row(label, _bar(seen, expected), f"{seen:.0%}", f"{expected:.0%}")
    return table


def _bar(now: float, usual: float) -> Text:
    """Return a bar as long as the share now, with a mark where it usually ends; the full width is 60 %."""
    length, mark = (min(BAR, round(share / 0.6 * BAR)) for share in (now, usual))
    cells = ["█" if cell < length else " " for cell in range(BAR)]
    text = Text("".join(cells), style=NOW)
    position = min(max(mark - 1, 0), BAR - 1)
    return Text.assemble(text[:position], ("┃", "bold bright_white"), text[position + 1 :])


def _origins(view: View) -> RenderableType:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style=FAINT)
    for heading in ("", "now", "training", "mean (training)", "PSI", "KS"):
        justify: JustifyMethod = "left" if heading in {"", "now", "training"} else "right"
        table.add_column(heading, justify=justify, no_wrap=True)
    for origin, scores in view.window.answers.origins.items():
        usual = view.baseline.origins[origin]
        figures = origin_figures(scores, usual)
        table.add_row(
            Text(origin, style="bold"),
            Text(_sparks(shares(scores.counts)), style=NOW),
            Text(_sparks(shares(usual.counts)), style=FAINT),
            f"{figures.mean:.2f} ({usual.mean:.2f})",
            f"{figures.psi:.2f}",
            f"{figures.ks:.2f}",
        )
    return table


def _sparks(values: Iterable[float]) -> str:
    return "".join(SPARKS[min(len(SPARKS) - 1, int(value / 0.5 * len(SPARKS)))] for value in values)


def _figures(view: View) -> RenderableType:
    table = Table.grid(padding=(0, 2), expand=True)
    half = (len(view.figures) + 1) // 2
    for _ in range(2):
        for justify in ("left", "right", "right", "left"):
            table.add_column(justify=justify, no_wrap=True)
    for left, right in zip(view.figures[:half], view.figures[half:], strict=True):
        table.add_row(*_figure(left), *_figure(right))
    cost = Text.assemble(
        ("instrumentation  ", FAINT),
        (f"+{view.overhead.added:.0f} µs", NOW),
        (f" on a call of {view.overhead.bare:,.0f} µs ({view.overhead.share:+.0%})", FAINT),
    )
    return Group(table, cost)


def _figure(seen: FigureView) -> tuple[Text, Text, Text, Text]:
    write = seen.figure.write
    usual = Text("…", style=FAINT)
    verdict = Text("")
    if seen.usual is not None:
        usual = Text(seen.usual.written(write), style=FAINT)
        verdict = Text("▲ jumps", style=LOUD) if seen.jumps else Text("● usual", style=CALM)
    return Text(seen.figure.label), Text(write(seen.value), style=LOUD if seen.jumps else NOW), usual, verdict


def _watches(view: View) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for reading in view.readings:
        far = reading.distance > reading.threshold
        full = not math.isnan(reading.distance)
        table.add_row(
            Text(reading.rule),
            Text(decimals(reading.distance) if full else "filling", style=LOUD if far else NOW),
            Text(f"alarm above {decimals(reading.threshold)}", style=FAINT),
            Text("ALARM", style=LOUD) if reading.alarm else Text("quiet", style=CALM),
        )
    history = Text()
    threshold = view.readings[0].threshold
    for distance in view.distances[-HISTORY_HOURS:]:
        history.append(_level(distance, threshold), style=LOUD if distance > threshold else CALM)
    return Group(table, history)


def _level(distance: float, threshold: float) -> str:
    """Return a block as high as the distance; the highest is three times the threshold."""
    if math.isnan(distance):
        return " "
    return SPARKS[min(len(SPARKS) - 1, int(distance / (3 * threshold) * len(SPARKS)))]
