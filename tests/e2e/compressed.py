"""The shipped configurations, with their times divided by sixty: a minute of production is a second of a test.

Nothing else of a rule changes: its expression, thresholds, guards and texts are those that users load. The service
exports each second in place of each minute, so a window holds as many samples as in production.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

FACTOR = 60

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = r"\d+[smhdw]"
_IN_EXPRESSIONS = re.compile(rf"(?<=\[){_DURATION}(?=\])|(?<=offset ){_DURATION}")
_KEYS = {
    "for",
    "keep_firing_for",
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
    return f"{int(duration[:-1]) * _SECONDS[duration[-1]] * 1000 // FACTOR}ms"


def _walk(node: Any, key: str = "") -> Any:
    if isinstance(node, dict):
        return {name: _walk(value, name) for name, value in node.items()}
    if isinstance(node, list):
        return [_walk(value) for value in node]
    if key in _KEYS:
        return divided(node)
    if key == "expr":
        return _IN_EXPRESSIONS.sub(lambda found: divided(found[0]), node)
    return node
