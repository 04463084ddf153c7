"""PromQL as text that people read: one line where it fits, else a line a part."""

from __future__ import annotations

import json
import math
from typing import Final

from otel_mlmon.backends.promql.expression import (
    Aggregation,
    Binary,
    Call,
    Expression,
    Matcher,
    Matching,
    Number,
    Selector,
    Subquery,
    Text,
)

WIDTH: Final = 100
INDENT: Final = "  "

_PRECEDENCE: Final = {
    **dict.fromkeys(("or",), 1),
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys(("==", "!=", ">", "<", ">=", "<="), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
    "^": 6,
}
_UNITS: Final = (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def text(expression: Expression, width: int = WIDTH) -> str:
    """Return an expression in lines of about ``width`` characters, where its parts allow it."""
    return "\n".join(_lines(expression, width))


def duration(seconds: int) -> str:
    """Return a duration in the largest unit that divides it: ``90m``, ``1w``."""
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def number(value: float) -> str:
    """Return a number as PromQL takes it, with all its digits."""
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else repr(value)


def _lines(expression: Expression, width: int) -> list[str]:
    flat = _flat(expression)
    if len(flat) <= width:
        return [flat]
    match expression:
        case Binary():
            return _joined(expression, width)
        case Aggregation(_, operand):
            return [f"{_head(expression)} ({_parameter(expression)}", *_indented(operand, width), ")"]
        case Call(function, arguments):
            return [f"{function}(", *_arguments(arguments, width), ")"]
        case Subquery(operand):
            return ["(", *_indented(operand, width), f"){_range(expression)}"]
    return [flat]


def _joined(binary: Binary, width: int) -> list[str]:
    first = _operand(binary.left, binary.operator, width, tighter=False)
    operator = _operator(binary.operator, binary.matching)
    joined = f"{operator} {_bracketed(binary.right, binary.operator, tighter=True)}"
    if len(joined) <= width:
        return [*first, joined]
    return [*first, operator, *_operand(binary.right, binary.operator, width, tighter=True)]


def _flat(expression: Expression) -> str:  # noqa: PLR0911  (a return a kind)
    match expression:
        case Number(value):
            return number(value)
        case Text(value):
            return json.dumps(value, ensure_ascii=False)
        case Selector(metric, matchers, window, offset):
            inside = ", ".join(map(_matcher, matchers))
            reach = "" if window is None else f"[{duration(window)}]"
            return metric + (f"{{{inside}}}" if inside else "") + reach + _offset(offset)
        case Subquery(operand):
            plain = _flat(operand)
            return (plain if isinstance(operand, (Call, Aggregation)) else f"({plain})") + _range(expression)
        case Call(function, arguments):
            return f"{function}({', '.join(map(_flat, arguments))})"
        case Aggregation(_, operand):
            return f"{_head(expression)} ({_parameter(expression)}{_flat(operand)})"
        case Binary(operator, left, right, matching):
            first, second = _bracketed(left, operator, tighter=False), _bracketed(right, operator, tighter=True)
            return f"{first} {_operator(operator, matching)} {second}"
    message = f"{expression!r} is no PromQL"
    raise TypeError(message)


def _indented(expression: Expression, width: int) -> list[str]:
    return [INDENT + line for line in _lines(expression, width - len(INDENT))]


def _arguments(arguments: tuple[Expression, ...], width: int) -> list[str]:
    """Return a line or more an argument, and one for all texts at the end."""
    texts = ", ".join(_flat(each) for each in arguments if isinstance(each, Text))
    parts = [_indented(each, width) for each in arguments if not isinstance(each, Text)]
    parts += [[INDENT + texts]] if texts else []
    return [line for part in parts[:-1] for line in (*part[:-1], f"{part[-1]},")] + parts[-1]


def _operand(side: Expression, operator: str, width: int, *, tighter: bool) -> list[str]:
    if not _needs_brackets(side, operator, tighter=tighter):
        return _lines(side, width)
    flat = f"({_flat(side)})"
    return [flat] if len(flat) <= width else ["(", *_indented(side, width), ")"]


def _bracketed(side: Expression, operator: str, *, tighter: bool) -> str:
    flat = _flat(side)
    return f"({flat})" if _needs_brackets(side, operator, tighter=tighter) else flat


def _needs_brackets(side: Expression, operator: str, *, tighter: bool) -> bool:
    if isinstance(side, Number):
        return side.value < 0 and operator == "^"
    if not isinstance(side, Binary):
        return False
    ours, theirs = _PRECEDENCE[operator], _PRECEDENCE[side.operator]
    if theirs != ours:
        return theirs < ours
    if operator == "^":
        return not tighter
    # Only a chain of the same operator reads well without; * and / beside each other do not.
    return tighter or side.operator != operator


def _operator(operator: str, matching: Matching | None) -> str:
    if matching is None:
        return operator
    grouped = "" if matching.group is None else f" group_{matching.group} ({', '.join(matching.include)})"
    return f"{operator} {matching.clause} ({', '.join(matching.labels)}){grouped}"


def _head(aggregation: Aggregation) -> str:
    clause = f" {aggregation.clause} ({', '.join(aggregation.labels)})" if aggregation.labels else ""
    return aggregation.operator + clause


def _parameter(aggregation: Aggregation) -> str:
    return "" if aggregation.parameter is None else f"{_flat(aggregation.parameter)}, "


def _range(subquery: Subquery) -> str:
    return f"[{duration(subquery.window)}:{duration(subquery.step)}]{_offset(subquery.offset)}"


def _offset(seconds: int) -> str:
    return f" offset {duration(seconds)}" if seconds else ""


def _matcher(matcher: Matcher) -> str:
    return f"{matcher.label}{matcher.operator}{json.dumps(matcher.value, ensure_ascii=False)}"
