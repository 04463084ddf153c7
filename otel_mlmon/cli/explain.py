"""The subcommand ``explain``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from otel_mlmon.backends.prometheus.model_rules import alerts
from otel_mlmon.backends.prometheus.runbook.page import section
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.cli.configured import configured
from otel_mlmon.cli.failure import Failure
from otel_mlmon.config.nearest import nearest

MOST_COLUMNS = 100
"""Longer lines are hard to read."""


def explain(
    *,
    alert: Annotated[str, typer.Argument(help="The name of the alert, as the page has it.")],
    config: Annotated[Path | None, typer.Option(help="mlmon.yaml; default: the file OTEL_MLMON_CONFIG names.")] = None,
    model: Annotated[str | None, typer.Option(help="Only what holds for this model; default: all models.")] = None,
) -> None:
    """Print what an alert means and what to do first: its section of the runbook."""
    found = configured(config)
    subjects = _chosen(found.subjects, model, found.file)
    texts = list(_sections(subjects, alert))
    if not texts:
        known = sorted({each.name for subject in subjects for each in alerts(subject)})
        message = f"{found.file} makes no alert '{alert}'{nearest(alert, known)}"
        raise Failure(message)
    console = Console(highlight=False)
    columns = min(console.width, MOST_COLUMNS)
    for subject, text in texts:
        if len(subjects) > 1:
            console.rule(subject.name)
        console.print(Markdown(text), width=columns)


def _chosen(subjects: Sequence[Subject], model: str | None, file: Path) -> Sequence[Subject]:
    if model is None:
        return subjects
    chosen = [subject for subject in subjects if subject.name == model]
    if not chosen:
        message = f"{file} has no model '{model}'{nearest(model, [subject.name for subject in subjects])}"
        raise Failure(message)
    return chosen


def _sections(subjects: Sequence[Subject], alert: str) -> Iterator[tuple[Subject, str]]:
    for subject in subjects:
        # The address of a section has the name in lower case.
        name = next((each.name for each in alerts(subject) if each.name.lower() == alert.lower()), None)
        if name is not None:
            yield subject, section(subject, name)
