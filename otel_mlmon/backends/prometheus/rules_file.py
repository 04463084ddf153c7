"""A rules file, as text that people read and review."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from otel_mlmon.backends.prometheus.rule import Alert, Group, Recording
from otel_mlmon.backends.promql.expression import Expression
from otel_mlmon.backends.promql.text import duration, text

WIDTH: Final = 108
"""Of an expression: with its indentation, a line of 120."""

_PLAIN: Final = re.compile(r"[A-Za-z_][\w ./:-]*[\w.]")


def rules_file(head: str, prefix: str, groups: Iterable[Group]) -> str:
    """Return the file.

    Parameters
    ----------
    head
        What the reader should know first; becomes comments.
    prefix
        Begins the names of the groups, which Prometheus wants only once in a file.
    """
    lines = [*_comment(head, ""), "", "groups:"]
    for group in groups:
        lines += [f"  - name: {scalar(f'{prefix} {group.name}')}", "    rules:"]
        for rule in group.rules:
            lines += _alert(rule) if isinstance(rule, Alert) else _recording(rule)
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


def scalar(value: str) -> str:
    """Return a text as YAML has it."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _recording(rule: Recording) -> Iterator[str]:
    yield from _comment(rule.comment or "", "      ")
    yield f"      - record: {rule.record}"
    yield from _expression(rule.expression)
    yield from _mapping("labels", rule.labels)


def _alert(rule: Alert) -> Iterator[str]:
    yield f"      - alert: {rule.name}"
    yield from _expression(rule.expression)
    yield f"        for: {duration(rule.wait)}"
    yield f"        keep_firing_for: {duration(rule.keep)}"
    yield from _mapping("labels", {"severity": rule.severity.value, "symptom": rule.symptom, **rule.labels})
    yield "        annotations:"
    yield from _annotation("summary", rule.summary)
    yield from _annotation("description", rule.description)
    yield from _annotation("runbook_url", rule.runbook)


def _expression(expression: Expression) -> Iterator[str]:
    lines = text(expression, WIDTH).split("\n")
    if len(lines) == 1 and ": " not in lines[0] and " #" not in lines[0]:
        yield f"        expr: {lines[0]}"
        return
    yield "        expr: |-"
    yield from (f"          {line}" for line in lines)


def _annotation(name: str, value: str) -> Iterator[str]:
    if "\n" not in value and len(value) < WIDTH - len(name):
        yield f"          {name}: {_quoted(value)}"
        return
    yield f"          {name}: |-"
    yield from (f"            {line}".rstrip() for line in value.split("\n"))


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _mapping(name: str, values: dict[str, str]) -> Iterator[str]:
    if values:
        inside = ", ".join(f"{key}: {scalar(value)}" for key, value in values.items())
        yield f"        {name}: {{{inside}}}"


def _comment(said: str, indent: str) -> list[str]:
    lines: list[str] = []
    for paragraph in said.split("\n"):
        wrapped = textwrap.wrap(paragraph, 118 - len(indent)) or ([""] if said else [])
        lines += [f"{indent}# {line}".rstrip() for line in wrapped]
    return lines
