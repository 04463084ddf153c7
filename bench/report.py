"""The results as tables, for a terminal and for the README."""

from __future__ import annotations

from rich.table import Table

from bench.results import Figure, Result, Results

ONE_ROW, ONE_ROW_WITH_SPAN = "one row, metrics only", "one row, metrics and a span"
FEW_ROWS = "100 rows, metrics only"
BATCH, BY_SEGMENT = "100,000 scores, one segment", "100,000 rows, 20 segments, 3 classes"
LONG_RUN = "10,000,000 rows of 3 classes in 20 segments"
OURS, FLOOR = "otel_mlmon", "no monitoring"


def terminal_table(result: Result) -> Table:
    """Return one case as it is printed."""
    ours = next((figure.value for figure in result.figures if figure.name == OURS), None)
    table = Table(title=result.case, title_justify="left", box=None, padding=(0, 2))
    table.add_column("", no_wrap=True)
    table.add_column(result.unit, justify="right")
    table.add_column("" if ours is None else "beside otel_mlmon", justify="right")
    for figure in result.figures:
        # Beside next to nothing, a ratio says nothing.
        ratio = "" if ours is None or ours < 1 or figure.value < 1 else f"{figure.value / ours:,.1f} x"
        table.add_row(figure.name, f"{figure.value:,.1f}", ratio)
    return table


def readme_table(run: Results) -> str:
    """Return the table that the README carries."""
    one_row, spans = run.case(ONE_ROW), run.case(ONE_ROW_WITH_SPAN)
    floor = next(figure.of for figure in one_row.figures if figure.name == FLOOR)
    megabytes = max(figure.value for figure in run.case(LONG_RUN).figures if figure.name.startswith("MB"))
    rows = [
        ("what monitoring adds", "otel_mlmon", "others"),
        ("---", "---:", "---"),
        (
            f"one row of a LogisticRegression ({floor:.0f} µs), metrics",
            _micros(one_row.of(OURS)),
            _others(one_row, {"OpenTelemetry by hand", "prometheus_client by hand", "whylogs"}, "µs", 1),
        ),
        (
            "the same with a span, above a bare one",
            _micros(spans.of(OURS)),
            _others(spans, {"OpenTelemetry by hand"}, "µs", 1),
        ),
        (
            "100 rows in one call",
            _micros(run.case(FEW_ROWS).of(OURS)),
            _others(run.case(FEW_ROWS), None, "µs", 1),
        ),
        ("100,000 scores", _milliseconds(run.case(BATCH).of(OURS)), _others(run.case(BATCH), None, "ms", 1000)),
        (
            "100,000 rows, 3 classes, 20 segments",
            _milliseconds(run.case(BY_SEGMENT).of(OURS)),
            _others(run.case(BY_SEGMENT), None, "ms", 1000),
        ),
        ("10,000,000 such rows: memory", f"{megabytes:.0f} MB", ""),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def full_tables(run: Results) -> str:
    """Return all cases, as the documentation carries them."""
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return "\n".join([f"With {versions}.\n", *(_markdown(result) for result in run.results)])


def _markdown(result: Result) -> str:
    lines = [f"| {result.case} | {result.unit} |", "| --- | ---: |"]
    lines += [f"| {figure.name} | {figure.value:,.1f} |" for figure in result.figures]
    return "\n".join(lines) + "\n"


def _others(result: Result, names: set[str] | None, unit: str, divisor: int) -> str:
    def wanted(figure: Figure) -> bool:
        return figure.name in names if names else not figure.name.startswith((OURS, FLOOR))

    parts = [f"{figure.name} {figure.value / divisor:,.1f}" for figure in result.figures if wanted(figure)]
    return ", ".join(parts) + f" {unit}"


def _micros(micros: float) -> str:
    # Calls are timed to half a microsecond: less is noise, and may even be below nothing.
    return "under 1 µs" if micros < 1 else f"{micros:.1f} µs"


def _milliseconds(micros: float) -> str:
    return f"{micros / 1000:.1f} ms"
