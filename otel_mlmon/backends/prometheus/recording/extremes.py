"""The larger and the smaller of two figures, where each may be missing."""

from __future__ import annotations

from typing import Final

from otel_mlmon.backends.promql.expression import Aggregation, Expression, Matching, aggregated, labelled

SIDE: Final = "side"
"""Tells the two apart until one is taken: series of the same labels would hide each other."""


def larger(first: Expression, second: Expression, same: Matching) -> Aggregation:
    """Return the larger one, or the one that is there."""
    return _one("max", first, second, same)


def smaller(first: Expression, second: Expression, same: Matching) -> Aggregation:
    """Return the smaller one, or the one that is there."""
    return _one("min", first, second, same)


def _one(operator: str, first: Expression, second: Expression, same: Matching) -> Aggregation:
    both = labelled(first, SIDE, "1").otherwise(labelled(second, SIDE, "2"))
    return aggregated(operator, both, *same.labels)
