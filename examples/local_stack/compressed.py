"""Configurations with their times divided by sixty: a minute of production is a second here.

Nothing else of a rule changes: its expression, thresholds, guards and words are those that users load. The service
exports each second in place of each minute, so a window holds as many samples as in production.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

FACTOR = 60

_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = re.compile(r"(\d+)(ms|[smhdw])")
_DURATION = r"(?:\d+(?:ms|[smhdw]))+"
_IN_EXPRESSIONS = re.compile(
    rf"(?<=\[){_DURATION}(?=[\]:])|(?<=:){_DURATION}(?=\])|(?<=offset ){_DURATION}|(?<=offset -){_DURATION}"
)
_TEMPLATE_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
"""What an annotation computes; the words around it stay."""

_KEYS = {
    "for",
    "keep_firing_for",
    "interval",
    "query_offset",
    "evaluation_interval",
    "scrape_interval",
    "group_wait",
    "group_interval",
    "repeat_interval",
}


def compressed(configuration: str) -> str:
    """Return a YAML configuration with the windows of its expressions, its waits and its intervals divided."""
    return yaml.safe_dump(_walk(yaml.safe_load(configuration)), sort_keys=False, width=1000)


def divided(duration: str) -> str:
    """Return a sixtieth of ``duration``, in milliseconds."""
    whole = sum(int(count) * _MILLISECONDS[unit] for count, unit in _PART.findall(duration))
    return f"{whole // FACTOR}ms"


def _walk(node: Any, key: str = "") -> Any:
    if isinstance(node, dict):
        return {name: _walk(value, name) for name, value in node.items()}
    if isinstance(node, list):
        return [_walk(value) for value in node]
    if key in _KEYS:
        return divided(node)
    if key == "expr":
        return _divided_within(node)
    if isinstance(node, str):
        return _TEMPLATE_ACTION.sub(lambda action: _divided_within(action[0]), node)
    return node


def _divided_within(expression: str) -> str:
    return _IN_EXPRESSIONS.sub(lambda found: divided(found[0]), expression)
