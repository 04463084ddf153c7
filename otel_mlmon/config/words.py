"""What is configured for a model, as people say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs

from otel_mlmon.config.checks import AgreesWith, Ambiguous, Changed, Check, Direction, Fallback, Monotone, RankOf
from otel_mlmon.config.inputs import Input
from otel_mlmon.config.schema import Match
from otel_mlmon.config.segments import Segments


def match_in_words(match: Match) -> str:
    """Return which models a rule is for."""
    said = [
        f"{attribute.metadata.get('key', attribute.name)} {getattr(match, attribute.name)}"
        for attribute in attrs.fields(Match)
        if getattr(match, attribute.name) is not None
    ]
    return ", ".join(said) or "any model"


def segments_in_words(segments: Segments) -> list[str]:
    """Return the keys that predictions are cut by, each with what bounds its values."""
    listed, edges = dict(segments.listed()), dict(segments.edges())
    words = []
    for key in (*segments.row_keys, *segments.call_wide_keys):
        if key in edges:
            words.append(f"{key} cut at {_listed(edges[key])}")
        else:
            words.append(f"{key}: {_listed(listed[key])}" if key in listed else f"{key}, {segments.max_values} values")
    return words if segments.call is None else [*words, f"as {segments.call} says"]


def input_in_words(watched: Input) -> str:
    """Return what is expected of a column."""
    said = [] if watched.type is None else [watched.type.value]
    said += [] if watched.range is None else [_interval(watched.range)]
    said += [] if watched.categories is None else [_listed(watched.categories)]
    said += [] if watched.max_age is None else [f"at most {watched.max_age:g} s ago"]
    return f"{watched.column}: {', '.join(said)}" if said else f"{watched.column}"


def check_in_words(check: Check) -> str:
    """Return what is bad."""
    rule = check.rule
    if rule is None or rule.kind is None:
        return f"as {check.call} says"
    words = _WORDS[rule.kind](getattr(rule, rule.kind))
    return words if check.output is None else f"{check.output}: {words}"


def _interval(bounds: tuple[float, ...]) -> str:
    return f"from {bounds[0]:g} to {bounds[1]:g}"


def _listed(items: Iterable[object]) -> str:
    return ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in items)


def _ambiguous(rule: Ambiguous) -> str:
    said = [] if rule.confidence is None else [f"confidence below {rule.confidence:g}"]
    return " or ".join(said if rule.margin is None else [*said, f"margin below {rule.margin:g}"])


def _rank_of(rule: RankOf) -> str:
    return f"{rule.item} is not among the first {rule.within}"


def _fallback(rule: Fallback) -> str:
    return f"the fallback: {_listed(rule.items)}" if rule.items is not None else f"the fallback of {rule.call}"


def _changed(rule: Changed) -> str:
    return f"another answer than last time for the same {rule.key}{_by_more_than(rule.tolerance)}"


def _monotone(rule: Monotone) -> str:
    wrong = "falls" if rule.direction is Direction.RISING else "rises"
    return f"the score {wrong} as {rule.input} rises by {rule.step:g} (asked of {rule.share:.2g} of the calls)"


def _agrees_with(rule: AgreesWith) -> str:
    other = rule.call if rule.call is not None else f"model {rule.model} for the same {rule.key}"
    return f"another answer than {other}{_by_more_than(rule.tolerance)}"


def _by_more_than(tolerance: float) -> str:
    return f", by more than {tolerance:g}" if tolerance else ""


_WORDS: Final[Mapping[str, Callable[[Any], str]]] = {
    "above": lambda limit: f"value above {limit:g}",
    "below": lambda limit: f"value below {limit:g}",
    "between": lambda bounds: f"value {_interval(bounds)}",
    "outside": lambda bounds: f"value not {_interval(bounds)}",
    "missing": lambda _: "no answer",
    "constant": lambda times: f"the same answer {times} times in a row",
    "class_in": lambda classes: f"class is one of {_listed(classes)}",
    "ambiguous": _ambiguous,
    "count_below": lambda count: f"fewer than {count} results",
    "rank_of": _rank_of,
    "contains_any": lambda items: f"a result is one of {_listed(items)}",
    "duplicate_share": lambda share: f"more than {100 * share:g} % of the results stand twice",
    "fallback": _fallback,
    "changed": _changed,
    "monotone": _monotone,
    "agrees_with": _agrees_with,
    "latency_above": lambda seconds: f"takes more than {seconds:g} s",
}
