"""Matchers of labels, moved from a whole expression to the series that it asks for.

A filter around the whole would do as well, but then the back end reads all buckets to use one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from attrs import evolve

from otel_mlmon.backends.promql.expression import (
    Aggregation,
    Binary,
    Call,
    Expression,
    Matcher,
    Number,
    Selector,
    Subquery,
    Text,
    call,
    labelled,
    on,
)

NOTHING: Final = call("vector", 0).above(0)
"""Has no series."""

_LABELS_OF_THEIR_ARGUMENT: Final = frozenset(
    (
        *("abs", "ceil", "clamp", "clamp_max", "clamp_min", "exp", "floor", "ln", "log2", "log10", "round", "sgn"),
        *("sqrt", "delta", "deriv", "idelta", "increase", "irate", "rate", "changes", "resets", "timestamp"),
        *("histogram_quantile", "predict_linear"),
        *(f"{figure}_over_time" for figure in ("avg", "count", "last", "max", "min", "present", "quantile")),
        *(f"{figure}_over_time" for figure in ("stddev", "stdvar", "sum")),
    )
)
_LABELS_OF_GROUPS: Final = frozenset(("sum", "min", "max", "avg", "count", "group", "stddev", "stdvar", "quantile"))
_WITHOUT_LABELS: Final = frozenset(("vector", "time"))
_BUCKET: Final = "le"


def restricted(expression: Expression, matchers: Iterable[Matcher]) -> Expression | None:
    """Return what of an expression has these labels; None where nothing can have them."""
    narrowed: Expression | None = expression
    for matcher in matchers:
        narrowed = None if narrowed is None else _narrowed(narrowed, matcher)
    return narrowed


def _narrowed(expression: Expression, matcher: Matcher) -> Expression | None:  # noqa: PLR0911  (a return a kind)
    match expression:
        case Selector(_, matchers):
            return expression if matcher in matchers else evolve(expression, matchers=(*matchers, matcher))
        case Subquery(operand):
            inside = _narrowed(operand, matcher)
            return None if inside is None else evolve(expression, operand=inside)
        case Call():
            return _of_call(expression, matcher)
        case Aggregation():
            return _of_aggregation(expression, matcher)
        case Binary("or", left, right):
            return _either(expression, _narrowed(left, matcher), _narrowed(right, matcher))
        case Binary():
            return _of_binary(expression, matcher)
    return _filtered(expression, matcher)


def _of_call(made: Call, matcher: Matcher) -> Expression | None:
    if made.function in _WITHOUT_LABELS:
        return _if_absent_fits(made, matcher)
    if made.function == "label_replace":
        return _of_label_replace(made, matcher)
    if made.function not in _LABELS_OF_THEIR_ARGUMENT:
        return _filtered(made, matcher)
    if made.function == "histogram_quantile" and matcher.label == _BUCKET:
        return _if_absent_fits(made, matcher)
    arguments = tuple(_side(argument, matcher) for argument in made.arguments)
    known = tuple(argument for argument in arguments if argument is not None)
    return evolve(made, arguments=known) if len(known) == len(arguments) else None


def _of_label_replace(made: Call, matcher: Matcher) -> Expression | None:
    operand, *words = made.arguments
    label, value, source, pattern = (word.value for word in words if isinstance(word, Text))
    if label != matcher.label:
        inside = _narrowed(operand, matcher)
        return None if inside is None else evolve(made, arguments=(inside, *words))
    if (source, pattern) == ("", "") and "$" not in value:
        return made if _fits(value, matcher) else None
    if value == "$1" and source == label and pattern == r"(.+)\.0" and matcher.operator == "=":
        # The ending goes; with it or without, it was this.
        same = re.escape(matcher.value)
        before = Matcher(label, rf"{same}|{same}\.0", "=~")
        inside = None if matcher.value.endswith(".0") else _narrowed(operand, before)
        return None if inside is None else evolve(made, arguments=(inside, *words))
    return _filtered(made, matcher)


def _of_aggregation(joined: Aggregation, matcher: Matcher) -> Expression | None:
    if joined.operator not in _LABELS_OF_GROUPS:
        return _filtered(joined, matcher)
    if (matcher.label in joined.labels) != (joined.clause == "by"):
        return _if_absent_fits(joined, matcher)
    inside = _narrowed(joined.operand, matcher)
    return None if inside is None else evolve(joined, operand=inside)


def _of_binary(binary: Binary, matcher: Matcher) -> Expression | None:  # noqa: PLR0911  (a return a rule)
    left, right = binary.left, binary.right
    if isinstance(left, Number) or isinstance(right, Number):
        return _both(binary, _side(left, matcher), _side(right, matcher))
    matching = binary.matching
    shared = matching is None or (matcher.label in matching.labels) == (matching.clause == "on")
    if binary.operator == "unless":
        kept = _narrowed(left, matcher)
        less = _narrowed(right, matcher) if shared else right
        return kept if kept is None or less is None else evolve(binary, left=kept, right=less)
    if shared:
        return _both(binary, _narrowed(left, matcher), _narrowed(right, matcher))
    if binary.operator == "and":
        return _both(binary, _narrowed(left, matcher), right)
    if matching is None or matcher.label in matching.include:
        return _filtered(binary, matcher)
    if matching.group is None:
        return _if_absent_fits(binary, matcher)
    if matching.group == "left":
        return _both(binary, _narrowed(left, matcher), right)
    return _both(binary, left, _narrowed(right, matcher))


def _side(operand: Expression, matcher: Matcher) -> Expression | None:
    return operand if isinstance(operand, (Number, Text)) else _narrowed(operand, matcher)


def _either(binary: Binary, left: Expression | None, right: Expression | None) -> Expression | None:
    if left is None or right is None:
        return right if left is None else left
    return evolve(binary, left=left, right=right)


def _both(binary: Binary, left: Expression | None, right: Expression | None) -> Expression | None:
    return None if left is None or right is None else evolve(binary, left=left, right=right)


def _if_absent_fits(expression: Expression, matcher: Matcher) -> Expression | None:
    return expression if _fits("", matcher) else None


def _fits(value: str, matcher: Matcher) -> bool:
    is_same = value == matcher.value
    is_found = "~" in matcher.operator and re.fullmatch(matcher.value, value) is not None
    return {"=": is_same, "!=": not is_same, "=~": is_found, "!~": not is_found}[matcher.operator]


def _filtered(expression: Expression, matcher: Matcher) -> Expression:
    if matcher.operator != "=" or not matcher.value:
        message = f"cannot keep the series with {matcher.label}{matcher.operator}{matcher.value!r} of {expression!r}"
        raise TypeError(message)
    return expression.where(labelled(call("vector", 1), matcher.label, matcher.value), on(matcher.label))
