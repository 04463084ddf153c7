"""The rules that the bench evaluates: those of the generated file that its alerts, and what these say, depend on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

_NAME = re.compile(r"[a-z_]+:[a-z_]+:\w+")


def needed(generated: str, besides: str = "-") -> str:
    """Return the file without the records that only dashboards ask for; those that begin with ``besides`` stay, too."""
    groups = yaml.safe_load(generated)["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    asked = {rule["record"]: _named(rule) for rule in rules if "record" in rule}
    begin = {name for rule in rules if "alert" in rule for name in _named(rule)}
    wanted = _reached({*begin, *(name for name in asked if name.startswith(besides))}, asked)
    kept = [
        {**group, "rules": [rule for rule in group["rules"] if "alert" in rule or rule["record"] in wanted]}
        for group in groups
    ]
    return yaml.safe_dump({"groups": [group for group in kept if group["rules"]]}, sort_keys=False, width=10**6)


def _named(rule: Mapping[str, Any]) -> set[str]:
    return set(_NAME.findall(" ".join([rule["expr"], *rule.get("annotations", {}).values()])))


def _reached(begin: Iterable[str], asked: Mapping[str, set[str]]) -> set[str]:
    found, open_ends = set(), list(begin)
    while open_ends:
        name = open_ends.pop()
        if name in asked and name not in found:
            found.add(name)
            open_ends += asked[name]
    return found
