"""The results as a picture: what monitoring adds, on a logarithmic scale."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from bench.report import BATCH, BY_SEGMENT, FEW_ROWS, FLOOR, ONE_ROW, OURS
from bench.results import Results

PICTURE = Path(__file__).parents[1] / "docs" / "overhead.svg"
CASES = {
    ONE_ROW: "one row, µs",
    FEW_ROWS: "100 rows in one call, µs",
    BATCH: "100,000 scores, µs",
    BY_SEGMENT: "100,000 rows, 20 segments, 3 classes, µs",
}
COLOUR, GREY = "#2f6fde", "#b8bec9"


def plot(run: Results) -> None:
    """Write the picture."""
    mpl.rcParams.update({"svg.hashsalt": "otel_mlmon", "font.family": "sans-serif", "font.size": 9})
    canvas = Canvas(figsize=(8.6, 4.9), layout="constrained")
    shown = [[figure for figure in run.case(case).figures if _is_shown(figure.name)] for case in CASES]
    axes = canvas.subplots(len(CASES), 1, gridspec_kw={"height_ratios": [len(figures) for figures in shown]})
    for axis, title, figures in zip(axes, CASES.values(), shown, strict=True):
        values = [figure.value for figure in figures]
        colours = [COLOUR if figure.name == OURS else GREY for figure in figures]
        bars = axis.barh([figure.name for figure in figures], values, color=colours, height=0.7)
        axis.bar_label(bars, [f"{value:,.1f}" if value < 100 else f"{value:,.0f}" for value in values], padding=3)
        axis.set_xscale("log")
        axis.set_xlim(min(values) / 2, max(values) * 4)
        axis.set_title(f"What monitoring adds (logarithmic scale): {title}", loc="left", fontsize=9, fontweight="bold")
        axis.invert_yaxis()
        axis.tick_params(axis="y", length=0)
        axis.xaxis.set_visible(False)
        for side in ("top", "right", "bottom", "left"):
            axis.spines[side].set_visible(False)
    canvas.savefig(PICTURE, metadata={"Date": None})


def _is_shown(name: str) -> bool:
    return name == OURS or not name.startswith((OURS, FLOOR))
