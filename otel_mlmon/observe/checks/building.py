"""Configured checks to judges: what each rule of the configuration stands for."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from otel_mlmon.config.checks import Check, Rule
from otel_mlmon.config.schema import ModelRule
from otel_mlmon.observe.checks import rankings, rules
from otel_mlmon.observe.checks.agreement import agrees_with_function, agrees_with_model
from otel_mlmon.observe.checks.history import changed, constant
from otel_mlmon.observe.checks.rules import Judge
from otel_mlmon.observe.dotted import function_at

OF_ROWS = {
    "above",
    "below",
    "between",
    "outside",
    "missing",
    "class_in",
    "ambiguous",
    "count_below",
    "latency_above",
}
"""Rules about what was read of the answer alone: those may wait with the answers of several calls."""


@frozen(eq=False)
class NamedJudge:
    """A check, and what says whether a prediction fails it."""

    name: str
    judge: Judge


def judge_of(check: Check) -> Judge | None:
    """Return the judge of a configured rule; None where the check is of another kind.

    Raises
    ------
    ImportError, AttributeError
        The function that the rule names is not there.
    """
    rule = check.rule
    if rule is None or rule.kind is None:
        return None
    return _of_numbers(check, rule) or _of_classes(check, rule) or _of_results(rule) or _of_history(rule)


def pairs_of(model: str, configured: Sequence[ModelRule]) -> list[NamedJudge]:
    """Return the judges that compare a model with another one, by which of the two it is said or not."""
    found = []
    for rule in configured:
        for check in rule.checks:
            agrees = None if check.rule is None else check.rule.agrees_with
            if agrees is None or agrees.model is None or rule.name is None:
                continue
            if model == rule.name:
                found.append(NamedJudge(check.name, agrees_with_model(model, agrees.model, agrees)))
            elif model == agrees.model:
                found.append(NamedJudge(check.name, agrees_with_model(model, rule.name, agrees)))
    return found


def _of_numbers(check: Check, rule: Rule) -> Judge | None:
    if rule.above is not None:
        limit = rule.above
        return rules.of_value(check, lambda numbers: numbers > limit)
    if rule.below is not None:
        limit = rule.below
        return rules.of_value(check, lambda numbers: numbers < limit)
    if rule.between is not None:
        low, high = rule.between
        return rules.of_value(check, lambda numbers: (numbers >= low) & (numbers <= high))
    if rule.outside is not None:
        low, high = rule.outside
        return rules.of_value(check, lambda numbers: (numbers < low) | (numbers > high))
    return None if rule.latency_above is None else rules.latency_above(rule.latency_above)


def _of_classes(check: Check, rule: Rule) -> Judge | None:
    if rule.missing is not None:
        return rules.missing(check)
    if rule.class_in is not None:
        return rules.class_in(check, rule.class_in)
    return None if rule.ambiguous is None else rules.ambiguous(check, rule.ambiguous)


def _of_results(rule: Rule) -> Judge | None:
    if rule.count_below is not None:
        return rules.count_below(rule.count_below)
    if rule.rank_of is not None:
        return rankings.rank_of(rule.rank_of)
    if rule.contains_any is not None:
        return rankings.contains_any(rule.contains_any)
    if rule.duplicate_share is not None:
        return rankings.duplicate_share(rule.duplicate_share)
    if rule.fallback is not None and rule.fallback.call is not None:
        return rankings.fallback(function_at(rule.fallback.call))
    return None if rule.fallback is None else rankings.fallback(rule.fallback.items or ())


def _of_history(rule: Rule) -> Judge | None:
    if rule.constant is not None:
        return constant(rule.constant)
    if rule.changed is not None:
        return changed(rule.changed)
    agrees = rule.agrees_with
    if agrees is None or agrees.call is None:
        return None
    return agrees_with_function(function_at(agrees.call), agrees)
