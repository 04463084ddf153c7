"""The results as tables: what was found, how soon, by what, beside other tools; and what fired for nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from attrs import frozen

from bench.alerts.verdicts import FalseAlarms, Verdict

LEFT, RIGHT = "---", "---:"


@frozen
class Tool:
    """One way to watch, and what became of it.

    Attributes
    ----------
    name
        As the table's head has it.
    """

    name: str
    verdicts: tuple[Verdict, ...]
    false_alarms: FalseAlarms

    @property
    def found(self) -> int:
        """How many incidents were found."""
        return sum(verdict.first is not None for verdict in self.verdicts)


def found_table(tools: Sequence[Tool]) -> str:
    """Return what each tool found of each incident, and after how many minutes: the median, and at most."""
    by_tool = [incidents(tool.verdicts) for tool in tools]
    rows = [
        [_symptom(verdicts[0]), *(_found(of_tool[name]) for of_tool in by_tool)]
        for name, verdicts in by_tool[0].items()
    ]
    alarms = ["*false pages a month*", *(f"{tool.false_alarms.pages_a_month:.1f}" for tool in tools)]
    tickets = ["*false tickets a week*", *(f"{tool.false_alarms.tickets_a_week:.1f}" for tool in tools)]
    total = ["*found*", *(f"{tool.found} of {len(tool.verdicts)}" for tool in tools)]
    return table(
        ["incident", *(tool.name for tool in tools)], [*rows, total, alarms, tickets], [LEFT, *[RIGHT] * len(tools)]
    )


def first_table(tool: Tool) -> str:
    """Return what told of each incident first, after how many predictions, and whether its text leads to the bug."""
    rows = []
    for verdicts in incidents(tool.verdicts).values():
        found = [(verdict, verdict.first) for verdict in verdicts if verdict.first is not None]
        alerts = Counter(f"{first.alert} ({first.severity})" for _, first in found)
        segments = Counter(first.segment for _, first in found if first.segment)
        predictions = f"{median(verdict.predictions for verdict, _ in found):,.0f}" if found else ""
        named = sum(verdict.names_suspect for verdict in verdicts)
        rows.append(
            [
                verdicts[0].stretch.incident,
                predictions,
                _counted(alerts),
                _counted(segments),
                f"{named} of {len(verdicts)}",
            ]
        )
    head = ["incident", "predictions", "first alert", "its segment", "suspect named"]
    return table(head, rows, [LEFT, RIGHT, LEFT, LEFT, RIGHT])


def false_table(tool: Tool) -> str:
    """Return each false alarm of a tool, by the alert that began it."""
    pages, tickets = (
        Counter(told[0].alert for told in kind) for kind in (tool.false_alarms.pages, tool.false_alarms.tickets)
    )
    rows = [[name, str(pages[name]), str(tickets[name])] for name in sorted({*pages, *tickets})]
    return table([tool.name, "pages", "tickets"], rows, [LEFT, RIGHT, RIGHT])


def incidents(verdicts: Iterable[Verdict]) -> Mapping[str, tuple[Verdict, ...]]:
    """Return the verdicts by incident."""
    found: dict[str, tuple[Verdict, ...]] = {}
    for verdict in verdicts:
        name = verdict.stretch.incident
        found[name] = (*found.get(name, ()), verdict)
    return found


def table(head: Sequence[str], rows: Iterable[Sequence[str]], align: Sequence[str]) -> str:
    """Return a table in Markdown."""
    return "".join(f"| {' | '.join(row)} |\n" for row in [head, align, *rows])


def _found(verdicts: Sequence[Verdict]) -> str:
    minutes = [verdict.minutes for verdict in verdicts if verdict.first is not None]
    if not minutes:
        return f"0/{len(verdicts)}"
    most = "" if len(minutes) == 1 else f", ≤ {max(minutes):,.0f}"
    return f"{len(minutes)}/{len(verdicts)}: {median(minutes):,.0f}{most}"


def _symptom(verdict: Verdict) -> str:
    return f"{verdict.stretch.incident}: {verdict.stretch.symptom}"


def _counted(names: Counter[str]) -> str:
    return ", ".join(f"{name} {count}x" if len(names) > 1 else name for name, count in names.most_common())
