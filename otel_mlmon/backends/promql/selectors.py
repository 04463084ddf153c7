"""What an expression asks a back end for."""

from __future__ import annotations

from collections.abc import Iterator

from otel_mlmon.backends.promql.expression import Aggregation, Binary, Call, Expression, Selector, Subquery


def selectors(expression: Expression) -> Iterator[Selector]:
    """Return the selectors in an expression, from left to right."""
    if isinstance(expression, Selector):
        yield expression
        return
    for part in _parts(expression):
        yield from selectors(part)


def _parts(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case Binary(_, left, right):
            return (left, right)
        case Call(_, arguments):
            return arguments
        case Aggregation(_, operand) | Subquery(operand):
            return (operand,)
    return ()
