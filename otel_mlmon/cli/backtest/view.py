"""What the history says about the alerts, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.rule import Alert
from otel_mlmon.cli.backtest.episodes import Peak, peaks
from otel_mlmon.cli.backtest.proposals import Proposal
from otel_mlmon.cli.backtest.replay import Replayed
from otel_mlmon.cli.backtest.report import Report
from otel_mlmon.cli.backtest.times import day, length, moment

PEAKS: Final = 3
EPISODES: Final = 20


def shown(report: Report) -> RenderableType:
    """Return a model's part of the answer."""
    parts: list[RenderableType] = [_head(report), "", _alerts(report)]
    if report.fired:
        parts += ["", _fired(report)]
    return Group(*parts, *_advice(report))


def _head(report: Report) -> Text:
    span, configured = report.history.span, report.current("overdispersion")
    text = Text(report.subject.name, style="bold")
    said = (
        f": {report.history.days:.1f} days, {moment(span.start)} to {moment(span.end)} UTC, every {length(span.step)}"
    )
    if report.overdispersion != configured:
        said += (
            f"\nThe answers vary {report.overdispersion:g} times as much as independent ones would (overdispersion; "
            f"it is {configured:g} now): all that follows is with {report.overdispersion:g}."
        )
    return text.append(said, style="not bold")


def _alerts(report: Report) -> Table:
    table = _table()
    table.add_column("alert")
    for title in ("fired", "longest", "threshold", "proposed"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("highest values", no_wrap=True)
    for each in report.replayed:
        if each.tracks:
            table.add_row(*_row(report, each))
    return table


def _row(report: Report, replayed: Replayed) -> Iterator[str]:
    alert = replayed.alert
    lasted = [fired.episode.seconds for fired in report.fired if fired.alert is alert]
    by = "" if alert.level.key is None else f" by {alert.level.key}"
    told = [alert.severity.value + by, *filter(None, [alert.parameter])]
    yield f"{alert.name}\n  [dim]{', '.join(told)}[/]"
    yield f"[bold]{len(lasted)}[/]\n[dim]{len(lasted) * 7 / report.history.days:.1f}/week[/]" if lasted else "0"
    yield length(max(lasted)) if lasted else ""
    yield f"{alert.threshold if alert.parameter is None else report.current(alert.parameter):g}"
    yield _proposed(next((each for each in report.proposals if each.parameter == alert.parameter), None))
    found = peaks(replayed.tracks, report.history.span, alert, PEAKS)
    yield "\n".join(_peak(peak, report) for peak in found if peak.value > 0)


def _proposed(proposal: Proposal | None) -> str:
    if proposal is None:
        return ""
    return "none" if proposal.value is None else f"{proposal.value:g}"


def _fired(report: Report) -> Table:
    by_excess = sorted(report.fired, key=lambda fired: fired.episode.highest / fired.alert.threshold, reverse=True)
    furthest = sorted(by_excess[:EPISODES], key=lambda fired: fired.episode.start)
    table = _table()
    table.add_column("would have fired", no_wrap=True)
    for title in ("for", "up to"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("alert")
    if any(_where(fired.episode.labels, report) for fired in furthest):
        table.add_column("where")
    for fired in furthest:
        lasted = length(fired.episode.seconds) + ("+" if fired.episode.end >= report.history.span.end else "")
        told = [moment(fired.episode.start), lasted, f"{fired.episode.highest:.3g}", _name(fired.alert)]
        table.add_row(*told, *filter(None, [_where(fired.episode.labels, report)]))
    left = len(by_excess) - len(furthest)
    if left:
        table.caption = f"and {left} more that went less far above their thresholds"
        table.caption_justify = "left"
    return table


def _advice(report: Report) -> Iterator[str]:
    silent = sorted({each.alert.name for each in report.replayed if not each.tracks})
    if silent:
        yield f"\nNo figures in all that time, for nothing of it happened or is reported: {', '.join(silent)}."
    if any(proposal.value is None for proposal in report.proposals):
        yield "\nnone: no value is quiet enough: leave incidents out, allow more, or name the alert in alerts.off."
    incident = report.incident
    if incident is not None:
        date = day(incident.moment)
        yield f"\nWere the highest values incidents? Then leave these out: --without {date}..{date}"


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _name(alert: Alert) -> str:
    return alert.name if alert.level.key is None else f"{alert.name} by {alert.level.key}"


def _peak(peak: Peak, report: Report) -> str:
    return f"{peak.value:.3g}  {moment(peak.moment)[5:]}  {_where(peak.labels, report)}".strip()


def _where(labels: Mapping[str, str], report: Report) -> str:
    """Return the labels that tell apart, in the words of the configuration."""
    same = {names.MODEL, names.JOB} if len(report.jobs) == 1 else {names.MODEL}
    told = ((label, value) for label, value in sorted(labels.items()) if label not in same)
    return " ".join(f"{label.removeprefix(names.segment(''))}={value}" for label, value in told)
