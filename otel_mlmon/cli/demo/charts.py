"""The report's charts: SVG whose colours are the page's, so that they follow its light and dark mode."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from math import isfinite
from typing import Any, Final

import numpy as np
from attrs import frozen
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from otel_mlmon.cli.demo.bins import LABELS, shares
from otel_mlmon.cli.demo.journal import Figures, Hour, Stretch
from otel_mlmon.cli.demo.measures import Counts
from otel_mlmon.cli.demo.run import Outcome
from otel_mlmon.cli.demo.story import Phase
from otel_mlmon.cli.demo.telemetry import Answers, Scores
from otel_mlmon.cli.demo.view import WINDOW_ROWS

INK: Final = "#010203"
FAINT: Final = "#020304"
LINE: Final = "#030405"
NOW: Final = "#040506"
BEFORE: Final = "#050607"
USUAL: Final = "#060708"
ALARM: Final = "#070809"

VARIABLES: Final = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    LINE: "var(--line)",
    NOW: "var(--now)",
    BEFORE: "var(--before)",
    USUAL: "var(--usual)",
    ALARM: "var(--alarm)",
}
"""Colours that nothing else has, and what the page's style sheet calls them."""

STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": FAINT,
    "axes.edgecolor": LINE,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": FAINT,
    "ytick.labelcolor": FAINT,
    "ytick.left": False,
    "legend.frameon": False,
    "legend.labelcolor": INK,
}


SOME_LABELS: Final = (0, 2, 4, 7)
"""Which labels a small chart has room for."""

NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))

NOTHING_YET: Final = 0.1
"""How high the axis of a curve is that stays at zero."""


@frozen(eq=False)
class Group:
    """Bars of one colour."""

    label: str
    colour: str
    counts: Counts


@frozen
class Curve:
    """A line of the time series."""

    title: str
    value: Callable[[Hour, Figures], float]
    colour: str = NOW
    limit: float | None = None
    height: float = 1.0
    percent: bool = False


def histograms(outcome: Outcome) -> str:
    """Return the scores of each phase beside those of the training, overall and by origin."""
    baseline, before, during = outcome.baseline, *map(outcome.journal.phase, (Phase.HEALTHY, Phase.INCIDENT))
    with rc_context(STYLE):
        figure = Figure(figsize=(10.4, 5.4), layout="constrained")
        grid = figure.add_gridspec(2, len(baseline.origins), height_ratios=(1.3, 1))
        overall = figure.add_subplot(grid[0, :])
        _bars(overall, _groups(baseline.overall.counts, before, during, lambda answers: answers.overall))
        overall.set_title("All flights")
        overall.set_xlabel("probability of a late arrival, as the service answered it")
        figure.legend(*overall.get_legend_handles_labels(), loc="outside upper right", ncols=3)
        small = [figure.add_subplot(grid[1, column]) for column in range(len(baseline.origins))]
        for axes, (origin, usual) in zip(small, baseline.origins.items(), strict=True):
            _bars(axes, _groups(usual.counts, before, during, _of_origin(origin)))
            axes.set_title(origin)
            axes.set_xticks(SOME_LABELS, [LABELS[label] for label in SOME_LABELS])
        highest = max(axes.get_ylim()[1] for axes in small)
        for axes in small:
            axes.set_ylim(0, highest)
        return _svg(figure, "histograms")


def _of_origin(origin: str) -> Callable[[Answers], Scores]:
    def scores(answers: Answers) -> Scores:
        return answers.origins[origin]

    return scores


def _groups(
    usual: Counts, before: Stretch | None, during: Stretch | None, scores: Callable[[Answers], Scores]
) -> tuple[Group, ...]:
    stretches = ((before, "before", BEFORE), (during, "during the incident", NOW))
    return (
        Group("training", USUAL, usual),
        *(
            Group(label, colour, scores(stretch.answers).counts)
            for stretch, label, colour in stretches
            if stretch is not None
        ),
    )


def _bars(axes: Axes, groups: tuple[Group, ...]) -> None:
    width = 0.8 / len(groups)
    places = np.arange(len(LABELS))
    for index, group in enumerate(groups):
        offset = (index - (len(groups) - 1) / 2) * width
        axes.bar(places + offset, shares(group.counts), width * 0.92, color=group.colour, label=group.label)
    axes.set_xticks(places, LABELS)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def time_series(outcome: Outcome) -> str:
    """Return what moved and what did not; the axis has the replayed hours side by side, nights left out."""
    hours = outcome.journal.hours
    windows = [(hour, window.figures(outcome.baseline)) for hour, window in outcome.journal.windows(WINDOW_ROWS)]
    places = np.arange(len(hours) - len(windows) + 1, len(hours) + 1, dtype=np.float64)
    curves = _curves(outcome)
    with rc_context(STYLE):
        figure = Figure(figsize=(10.4, 8.2), layout="constrained")
        rows = figure.subplots(len(curves), sharex=True, height_ratios=[curve.height for curve in curves])
        for axes, curve in zip(rows, curves, strict=True):
            _curve(axes, curve, places, [curve.value(hour, figures) for hour, figures in windows])
            _mark(axes, outcome)
        dates = [hour.begins.date() for hour in hours]
        days = [place for place, date in enumerate(dates) if date not in dates[:place]]
        rows[-1].set_xticks(days, [f"{hours[place].begins:%a %d %b}" for place in days], ha="left")
        rows[-1].set_xlim(0, len(hours))
        return _svg(figure, "time-series")


def _curves(outcome: Outcome) -> tuple[Curve, ...]:
    rule = next((index for index, reading in enumerate(outcome.moment.readings) if reading.alarm), 0)
    reference = outcome.references[rule]
    return (
        Curve("Mean score", lambda _, now: now.mean),
        Curve("PSI to training", lambda _, now: now.psi),
        Curve(
            f"Distance of the {reference.rule.name} from the healthy ones most like them",
            lambda hour, _: hour.readings[rule].distance,
            colour=ALARM,
            limit=reference.threshold,
        ),
        Curve("Requests: p99 in ms", lambda _, now: now.request_p99 * 1000, colour=BEFORE, height=0.8),
        Curve("Failed requests", lambda _, now: now.failed_share, colour=BEFORE, height=0.5, percent=True),
    )


def _curve(axes: Axes, curve: Curve, places: NDArray[np.float64], values: list[float]) -> None:
    axes.plot(places, values, color=curve.colour, linewidth=1.8)
    axes.set_title(curve.title)
    highest = max(filter(isfinite, (*values, curve.limit or 0.0)), default=0.0)
    axes.set_ylim(0, highest * 1.15 or NOTHING_YET)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    if curve.percent:
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    if curve.limit is not None:
        axes.axhline(curve.limit, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        text, place = f"alarm above {curve.limit:.2f}", (0.5, curve.limit)
        axes.annotate(text, place, (0, 4), textcoords="offset points", color=INK)


def _mark(axes: Axes, outcome: Outcome) -> None:
    hours = outcome.journal.hours
    broken = [place for place, hour in enumerate(hours) if hour.phase is Phase.INCIDENT]
    if broken:
        axes.axvspan(broken[0], broken[-1] + 1, color=ALARM, alpha=0.13, linewidth=0)
    alarmed = [place for place, hour in enumerate(hours) if hour.ends == outcome.course.alarmed]
    if alarmed:
        axes.axvline(alarmed[0] + 1, color=ALARM, linewidth=1.2)


def _svg(figure: Figure, name: str) -> str:
    document = StringIO()
    with rc_context({"svg.hashsalt": name, "svg.id": name}):
        figure.savefig(document, format="svg", transparent=True, metadata=NO_METADATA)
    drawing = document.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    for colour, variable in VARIABLES.items():
        drawing = drawing.replace(colour, variable)
    return drawing
