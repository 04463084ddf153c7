"""Runs all cases, prints them, writes ``bench/results.json`` and the plot, and brings the README's table up to date."""

from __future__ import annotations

import re
from pathlib import Path

from rich.console import Console

from bench import cases, processes, service
from bench.plot import plot
from bench.report import full_tables, readme_table, terminal_table
from bench.results import Results, write

README = Path(__file__).parents[1] / "README.md"
PERFORMANCE = README.parent / "docs" / "performance.md"
HEADING = "## All of it\n"
TABLE = re.compile(r"^\| what monitoring adds .*?\n(?!\|)", re.MULTILINE | re.DOTALL)

CASES = (
    cases.one_row,
    cases.one_row_with_span,
    cases.few_rows,
    cases.batch,
    cases.by_segment,
    cases.growth,
    processes.import_time,
    processes.long_run,
    processes.threads,
    processes.export,
    service.under_load,
)


def main() -> None:
    """Run the benchmark."""
    service.require_wrk()
    console = Console()
    results = []
    for case in CASES:
        results.append(case())
        console.print(terminal_table(results[-1]))
    run = write(results)
    write_documents(run)


def write_documents(run: Results) -> None:
    """Bring the documents' tables up to date."""
    plot(run)
    README.write_text(TABLE.sub(lambda _: readme_table(run), README.read_text(encoding="utf-8")), encoding="utf-8")
    text, heading, _ = PERFORMANCE.read_text(encoding="utf-8").partition(HEADING)
    PERFORMANCE.write_text(f"{text}{heading}\n{full_tables(run)}", encoding="utf-8")


if __name__ == "__main__":
    main()
