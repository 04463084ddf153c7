"""Expressions over recorded series, turned into ones over what they were recorded from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from attrs import evolve, frozen

from otel_mlmon.backends.promql.expression import (
    MINUTE,
    Aggregation,
    Binary,
    Call,
    Expression,
    Selector,
    Subquery,
    labelled,
)
from otel_mlmon.backends.promql.restricting import NOTHING, restricted

ALERTS: Final = "ALERTS"
"""The series that Prometheus writes of its own alerts."""


@frozen
class Recorded:
    """How a recorded series comes about.

    Attributes
    ----------
    labels
        Those that the rule adds.
    """

    expression: Expression
    labels: Mapping[str, str]


def inlined(expression: Expression, records: Mapping[str, Recorded], every: int = MINUTE) -> Expression:
    """Return an expression that gives the same where nothing has been recorded.

    Parameters
    ----------
    records
        By the name of the recorded series; an expression may ask for others of them.
    every
        Seconds between two samples of a recorded series, where a stretch of it is asked for.
    """

    def replaced(piece: Expression) -> Expression:
        if not isinstance(piece, Selector) or piece.metric not in records:
            return _with_parts(piece, replaced)
        recorded = records[piece.metric]
        body = replaced(recorded.expression)
        for label, value in recorded.labels.items():
            body = labelled(body, label, value)
        narrowed = restricted(body, piece.matchers)
        found = NOTHING if narrowed is None else narrowed
        return shifted(found if piece.window is None else Subquery(found, piece.window, every), piece.offset)

    return replaced(expression)


def shifted(expression: Expression, seconds: int) -> Expression:
    """Return an expression that gives what the other gave some time ago.

    Raises
    ------
    TypeError
        It tells the time, which cannot be put back.
    """
    if seconds == 0:
        return expression
    match expression:
        case Selector() | Subquery():
            return evolve(expression, offset=expression.offset + seconds)
        case Call(function, arguments) if function == "time" or (function in _OF_NOW and not arguments):
            message = f"{function}() tells the time of the question, and not of {seconds} s before"
            raise TypeError(message)
    return _with_parts(expression, lambda part: shifted(part, seconds))


def without_own_alerts(expression: Expression) -> Expression:
    """Return an expression that does not look at what alerts fired: what it would leave out for them, it keeps."""
    match expression:
        case Binary("unless", left, right) if any(
            isinstance(piece, Selector) and piece.metric == ALERTS for piece in pieces(right)
        ):
            return without_own_alerts(left)
    return _with_parts(expression, without_own_alerts)


def pieces(expression: Expression) -> Iterator[Expression]:
    """Return an expression and all that it is made of."""
    yield expression
    for part in _parts(expression):
        yield from pieces(part)


_OF_NOW: Final = frozenset(
    ("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year")
)


def _parts(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Binary(_, left, right):
            return left, right
        case Call(_, arguments):
            return arguments
        case Aggregation() | Subquery():
            return (expression.operand,)
    return ()


def _with_parts(expression: Expression, changed: Callable[[Expression], Expression]) -> Expression:
    match expression:
        case Binary(_, left, right):
            return evolve(expression, left=changed(left), right=changed(right))
        case Call(_, arguments):
            return evolve(expression, arguments=tuple(map(changed, arguments)))
        case Aggregation() | Subquery():
            return evolve(expression, operand=changed(expression.operand))
    return expression
