"""What is proposed, into the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from otel_mlmon.cli.backtest.report import Report
from otel_mlmon.cli.failure import Failure
from otel_mlmon.config.document import DocumentError
from otel_mlmon.config.edit import with_alerts
from otel_mlmon.config.load import load, read_text


def suggested(reports: Iterable[Report]) -> str:
    """Return what ``--write`` would do."""
    lines = [f"  {report.subject.name}: {_told(report.changes)}" for report in reports if report.changes]
    if not lines:
        return "Nothing is proposed that is not in the configuration."
    return "\n".join(["Proposed, and not written; --write puts it into the configuration:", *lines])


def written(file: Path, reports: Iterable[Report]) -> str:
    """Write what is proposed, and return what was done.

    Raises
    ------
    Failure
        The file cannot be changed.
    """
    changed = [report for report in reports if report.changes]
    if not changed:
        return f"{file} stays as it is: nothing else is proposed"
    try:
        text = read_text(str(file))
        for report in changed:
            text = with_alerts(text, _place(file, report), report.changes)
    except DocumentError as error:
        message = f"{file}:{error.position.line}:{error.position.column}: {error}"
        raise Failure(message) from error
    try:
        file.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        message = f"{file} cannot be written: {error.strerror}"
        raise Failure(message) from error
    lines = [f"  {report.subject.name}: {_told(report.changes)}" for report in changed]
    return "\n".join([f"wrote {file}:", *lines, "Now: otel-mlmon generate prometheus"])


def _place(file: Path, report: Report) -> int:
    return load(str(file)).configuration.models.index(report.subject.rule)


def _told(changes: Mapping[str, float]) -> str:
    return ", ".join(f"{key} {value:g}" for key, value in changes.items())
