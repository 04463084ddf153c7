"""The runbook page of a model: what each of its alerts means, and what to do first."""

from __future__ import annotations

from collections.abc import Iterator

from otel_mlmon.backends.prometheus.runbook.about import about
from otel_mlmon.backends.prometheus.runbook.entries.known import ENTRIES
from otel_mlmon.backends.prometheus.runbook.markdown import bullet
from otel_mlmon.backends.prometheus.runbook.section import Rules, lines_of_section, rules_of
from otel_mlmon.backends.prometheus.subject import Subject


def page(subject: Subject) -> str:
    """Return the page, in Markdown."""
    return "\n".join(_page(rules_of(subject))) + "\n"


def section(subject: Subject, alert: str) -> str:
    """Return what the page says of one alert, which the model has."""
    return "\n".join(lines_of_section(rules_of(subject), alert)) + "\n"


def _page(rules: Rules) -> Iterator[str]:
    yield f"# {rules.subject.name}: what to do when an alert comes"
    yield ""
    yield "<!-- Made by otel-mlmon generate prometheus from mlmon.yaml and the baseline; do not edit. -->"
    yield ""
    yield from ("**What is usual**", "", *about(rules.subject), "")
    yield from ("**The alerts**", "")
    yield from (_line_of_contents(rules, name) for name in rules.names)
    for name in rules.names:
        yield ""
        yield from lines_of_section(rules, name)


def _line_of_contents(rules: Rules, name: str) -> str:
    severities = dict.fromkeys(alert.severity.value for alert in rules.of(name))
    first, _, _ = ENTRIES[name].means.partition(". ")
    return bullet(f"[{name}](#{name.lower()}), {' or '.join(severities)}: {first.rstrip('.')}.")
