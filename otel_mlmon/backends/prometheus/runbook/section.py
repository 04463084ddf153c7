"""What the runbook says of one alert of one model."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator

from attrs import frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.model_rules import alerts, recording_groups
from otel_mlmon.backends.prometheus.rule import Alert, Recording
from otel_mlmon.backends.prometheus.runbook.entries.known import ENTRIES
from otel_mlmon.backends.prometheus.runbook.entry import Entry, Query, Question, Step
from otel_mlmon.backends.prometheus.runbook.markdown import WIDTH, bullet, fenced, paragraph
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.selectors import selectors
from otel_mlmon.backends.promql.text import duration, text

INDENT = "   "


@frozen
class Rules:
    """The rules of one model, as far as a page is about them.

    Attributes
    ----------
    recorded
        Names of all series that they record.
    """

    subject: Subject
    alerts: tuple[Alert, ...]
    recorded: frozenset[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the alerts, in the order of the rules."""
        return tuple(dict.fromkeys(alert.name for alert in self.alerts))

    def of(self, name: str) -> tuple[Alert, ...]:
        """Return the alerts of one name."""
        return tuple(alert for alert in self.alerts if alert.name == name)

    def queries(self, question: Question) -> Iterator[Query]:
        """Return those that ask only for what is recorded."""
        return (query for query in question(self.subject) if is_recorded(query, self.recorded))


def rules_of(subject: Subject) -> Rules:
    """Return the rules of a model."""
    return Rules(subject, alerts(subject), known_records(subject))


def lines_of_section(rules: Rules, alert: str) -> Iterator[str]:
    """Return the lines of one alert's section; the alert is one of the model's."""
    entry, found = ENTRIES[alert], rules.of(alert)
    yield from (f"## {alert}", "", paragraph(entry.means), "")
    yield from (bullet(line) for line in dict.fromkeys(_fires(entry, rule) for rule in found))
    yield from ("", "### What to do first", "")
    asked: set[str] = set()
    for place, step in enumerate(entry.first, 1):
        queries = () if step.question is None else tuple(rules.queries(step.question))
        yield from _step(place, step, queries, asked)
    looked = (query for question in entry.figures for query in rules.queries(question))
    lines = list(_pasted(looked, "", asked))
    if lines:
        yield from ("", "### The figures", "")
        yield from fenced(lines)
    yield from ("", "### When it is wrong", "", paragraph(entry.wrong))
    yield from ("", "### Silence and tune", "")
    yield from _knobs(rules.subject, entry, found[0])


def known_records(subject: Subject) -> frozenset[str]:
    """Return the names of all series that the model's rules record."""
    rules = (rule for group in recording_groups(subject) for rule in group.rules)
    return frozenset(rule.record for rule in rules if isinstance(rule, Recording))


def is_recorded(query: Query, recorded: frozenset[str]) -> bool:
    """Tell whether all recorded series that a query is about exist."""
    asked = (selector.metric for selector in selectors(query.expression))
    return all(metric in recorded for metric in asked if ":" in metric)


def _fires(entry: Entry, rule: Alert) -> str:
    whom = {"page": "A page", "ticket": "A ticket"}[rule.severity.value]
    key = "" if rule.parameter is None else f" (`alerts.{rule.parameter}`)"
    told = ", ".join(f"{label} {value}" for label, value in rule.labels.items())
    return (
        f"{whom} when {entry.measure} is above {rule.threshold:.3g}{key} for {duration(rule.wait)}"
        f"{f' ({told})' if told else ''}; stays for {duration(rule.keep)} after that."
    )


def _step(place: int, step: Step, queries: tuple[Query, ...], asked: set[str]) -> Iterator[str]:
    said = step.text if queries or not step.without else f"{step.text} {step.without}"
    yield paragraph(f"**{step.title}** {said}", f"{place}. ", INDENT)
    lines = list(_pasted(queries, INDENT, asked))
    if lines:
        yield ""
        yield from fenced(lines, INDENT)
        yield ""


def _pasted(queries: Iterable[Query], indent: str, asked: set[str]) -> Iterator[str]:
    """Return the lines of what has not been asked before; adds to ``asked``."""
    for query in queries:
        written = text(query.expression, WIDTH - len(indent))
        if written not in asked:
            asked.add(written)
            yield f"# {query.says}"
            yield from written.split("\n")


def _knobs(subject: Subject, entry: Entry, rule: Alert) -> Iterator[str]:
    matchers = [f"alertname={entry.alert}"]
    if names.MODEL in rule.level.labels:
        matchers.append(f"{names.MODEL}={json.dumps(subject.name, ensure_ascii=False)}")
    yield from ("```sh", f"amtool silence add {shlex.join(matchers)} --duration=2h --comment=…", "```", "")
    yield bullet(
        "While you repair it: silence it by the line above. What it holds back stays silent, too, while it fires."
    )
    if entry.tune is not None:
        yield bullet(entry.tune)
    elif rule.parameter is not None:
        yield bullet(
            f"Too often, or too late: `alerts.{rule.parameter}` of the model in mlmon.yaml. `otel-mlmon backtest` "
            "tells what another value would have done in the weeks that Prometheus remembers, and proposes one."
        )
    yield bullet(f"Never wanted: `alerts: {{off: [{entry.alert}]}}`.")
