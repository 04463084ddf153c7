"""Runs all cases, prints the table, and writes ``bench/results.json``."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path

from attrs import asdict
from rich.console import Console
from rich.table import Table

from bench.cases import CASES, Result

RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    """Run the benchmark."""
    console = Console()
    results = []
    for case in CASES:
        result = case()
        results.append(result)
        console.print(_table(result))
    packages = ("opentelemetry-sdk", "scikit-learn", "numpy", "prometheus-client", "whylogs")
    facts = {"python": platform.python_version(), **{name: version(name) for name in packages}}
    document = {"versions": facts, "results": [asdict(result) for result in results]}
    RESULTS.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _table(result: Result) -> Table:
    ours = result.timed[1].added
    table = Table(title=result.case, title_justify="left", box=None, padding=(0, 2))
    for heading in ("", "added µs a call", "beside otel_mlmon"):
        table.add_column(heading, justify="left" if not heading else "right")
    for timed in result.timed:
        # Beside next to nothing, a ratio says nothing.
        ratio = f"{timed.added / ours:,.1f} x" if ours > 1 else ""
        table.add_row(timed.name, f"{timed.added:,.1f}", ratio)
    return table


if __name__ == "__main__":
    main()
