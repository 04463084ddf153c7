"""One run over all models of a configuration."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from otel_mlmon.backends.prometheus.model_rules import alerts
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.cli.backtest.history import Span, known_span
from otel_mlmon.cli.backtest.overdispersion import measured
from otel_mlmon.cli.backtest.prometheus import Prometheus
from otel_mlmon.cli.backtest.proposals import Quiet, propose, with_alerts
from otel_mlmon.cli.backtest.replay import History, Replayed, as_measured, records_of
from otel_mlmon.cli.backtest.report import Report
from otel_mlmon.cli.failure import Failure

OVERDISPERSION = "overdispersion"


@frozen
class Request:
    """What was asked for.

    Attributes
    ----------
    until
        The end of the history, in unix seconds.
    without
        Ends of stretches that do not count.
    """

    prometheus: Prometheus
    subjects: tuple[Subject, ...]
    until: int
    weeks: int
    step: int
    without: tuple[tuple[int, int], ...]
    quiet: Quiet


def run(request: Request, console: Console) -> list[Report]:
    """Replay the alerts of all models, and tell on the console how far it is.

    Raises
    ------
    Failure
        Prometheus does not answer, or knows too little of a model.
    """
    # First of all models: nobody waits for minutes to read that the last one's name is wrong.
    histories = [_history(request, subject) for subject in request.subjects]
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        return [
            _report(subject, history, request.quiet, progress)
            for subject, history in zip(request.subjects, histories, strict=True)
        ]


def _history(request: Request, subject: Subject) -> History:
    span = known_span(request.prometheus, subject, request.until, request.weeks, request.step)
    excluded = tuple(Span(start, end, request.step) for start, end in request.without)
    history = History(request.prometheus, span, excluded)
    if history.days < 1:
        message = f"--without leaves nothing of the {span.days:.1f} days of the model '{subject.name}'"
        raise Failure(message)
    return history


def _report(subject: Subject, history: History, quiet: Quiet, progress: Progress) -> Report:
    task = progress.add_task(f"{subject.name}: how much answers vary", total=len(alerts(subject)) + 1)

    def advance(share: float) -> None:
        progress.advance(task, share)

    overdispersion = max(1.0, _overdispersion(subject, history, advance) or subject.alerts.overdispersion)
    judged = with_alerts(subject, OVERDISPERSION, overdispersion)
    records = records_of(judged)
    replayed: list[Replayed] = []
    for alert in alerts(judged):
        progress.update(task, description=f"{subject.name}: {alert.name}")
        replayed.append(history.replay(alert, records, advance))
    progress.remove_task(task)
    return Report(
        subject=subject,
        history=history,
        overdispersion=overdispersion,
        replayed=tuple(replayed),
        proposals=tuple(propose(judged, replayed, history, quiet)),
    )


def _overdispersion(subject: Subject, history: History, advance: Callable[[float], None]) -> float | None:
    records = records_of(subject)
    found = measured(
        history.prometheus, subject, history.span, lambda asked: as_measured(asked, records, history.span.step), advance
    )
    return None if found is None else float(f"{found:.2g}")
