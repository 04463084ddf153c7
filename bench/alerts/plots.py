"""The results as pictures: how soon incidents are found by traffic, and how often people are told for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from bench.alerts.report import Tool, incidents

DOCS = Path(__file__).parents[2] / "docs"
COLOUR, GREY = "#2f6fde", "#b8bec9"
MISSED_AT = 3000.0
"""Minutes at which what was not found is drawn: beyond two days."""


def plot_times(by_traffic: Mapping[int, Tool], predictions_an_hour: Mapping[int, float]) -> None:
    """Draw the median minutes to the first page or ticket against the traffic, a line an incident."""
    mpl.rcParams.update({"svg.hashsalt": "otel_mlmon", "font.family": "sans-serif", "font.size": 9})
    canvas = Canvas(figsize=(8.6, 4.6), layout="constrained")
    axis = canvas.subplots()
    rates = [predictions_an_hour[times] for times in by_traffic]
    names = list(incidents(next(iter(by_traffic.values())).verdicts))
    colours = mpl.colormaps["tab20"].resampled(len(names))
    for place, name in enumerate(names):
        minutes = [_median_minutes(tool, name) for tool in by_traffic.values()]
        axis.plot(rates, minutes, marker="o", markersize=4, color=colours(place), label=name)
    axis.axhline(15, color=GREY, linewidth=1, linestyle="--")
    axis.annotate("15 minutes", (rates[0], 15), textcoords="offset points", xytext=(2, 3), color="#666")
    told = "after two days, or not found"
    axis.annotate(told, (rates[0], MISSED_AT), textcoords="offset points", xytext=(2, 3), color="#666")
    axis.set(
        xscale="log",
        yscale="log",
        xlabel="predictions an hour",
        ylabel="minutes to the first page or ticket (median of 5)",
    )
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    canvas.savefig(DOCS / "alert-times.svg", metadata={"Date": None})


def plot_false_alarms(tools: Sequence[Tool]) -> None:
    """Draw false alarms a week beside the share of the incidents that each tool found."""
    canvas = Canvas(figsize=(8.6, 0.42 * len(tools) + 0.9), layout="constrained")
    left, right = canvas.subplots(1, 2, sharey=True)
    names = [tool.name for tool in tools]
    colours = [COLOUR if tool.name.startswith("otel_mlmon") else GREY for tool in tools]
    found = [100 * tool.found / len(tool.verdicts) for tool in tools]
    alarms = [tool.false_alarms.tickets_a_week + tool.false_alarms.pages_a_month * 7 / 30 for tool in tools]
    left.bar_label(left.barh(names, found, color=colours), [f"{value:.0f} %" for value in found], padding=3)
    left.set(title="incidents found", xlim=(0, 118))
    right.bar_label(right.barh(names, alarms, color=colours), [f"{value:.1f}" for value in alarms], padding=3)
    right.set(title="false alarms a week", xlim=(0, max(*alarms, 1) * 1.25))
    left.invert_yaxis()
    for axis in (left, right):
        axis.tick_params(axis="y", length=0)
        axis.xaxis.set_visible(False)
        for side in ("top", "right", "bottom", "left"):
            axis.spines[side].set_visible(False)
    canvas.savefig(DOCS / "alert-alarms.svg", metadata={"Date": None})


def _median_minutes(tool: Tool, incident: str) -> float:
    return min(median(verdict.minutes for verdict in incidents(tool.verdicts)[incident]), MISSED_AT)
