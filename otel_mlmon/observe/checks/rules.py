"""Rules about the answer alone: vectorised over the rows, and so at home in batches of calls that waited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from otel_mlmon import semconv
from otel_mlmon.config.checks import Ambiguous, Check
from otel_mlmon.observe.arrays import Floats
from otel_mlmon.observe.checks.evidence import Evidence, Flags, Outcome
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.rows import ClassColumn

Judge = Callable[[Evidence], Outcome | None]
"""Says of each row whether it fails; None where the answer has nothing that the rule is about."""


def of_value(check: Check, is_bad: Callable[[Floats], Flags]) -> Judge:
    """Return the rule that some value of a row is bad."""

    def judge(evidence: Evidence) -> Outcome | None:
        columns = evidence.values(check.output)
        if not columns:
            return None
        flags = [is_bad(column.numbers.reshape(evidence.count, -1)).any(axis=1) for column in columns]
        return Outcome(np.logical_or.reduce(flags))

    return judge


def missing(check: Check) -> Judge:
    """Return the rule that there is no answer: None, NaN, no results, an empty text."""

    def judge(evidence: Evidence) -> Outcome | None:
        if evidence.rows is None:
            return Outcome.of_call(evidence.answer is None or _is_empty(evidence.answer), 1)
        flags = [
            np.isnan(column.numbers.reshape(evidence.count, -1)).any(axis=1)
            for column in evidence.values(check.output)
            if not column.has_gaps
        ]
        flags += [_fits(column, {semconv.MISSING}) for column in _classes(evidence, check.output)]
        if evidence.rows.results is not None:
            flags.append(evidence.rows.results == 0)
        return Outcome(np.logical_or.reduce(flags)) if flags else None

    return judge


def class_in(check: Check, classes: Sequence[object]) -> Judge:
    """Return the rule that the predicted class is one of a few."""
    texts = set(map(label_text, classes))

    def judge(evidence: Evidence) -> Outcome | None:
        columns = _classes(evidence, check.output)
        return Outcome(np.logical_or.reduce([_fits(column, texts) for column in columns])) if columns else None

    return judge


def ambiguous(check: Check, limits: Ambiguous) -> Judge:
    """Return the rule that no class is clearly the most probable one.

    The margin of more than two classes needs the probabilities of all of them: of at most ten, or configured ones.
    """

    def judge(evidence: Evidence) -> Outcome | None:
        confidence = [] if evidence.rows is None else evidence.rows.confidence
        columns = [column for column in confidence if check.output in {None, column.name}]
        if not columns:
            return None
        flags = [] if limits.confidence is None else [column.numbers < limits.confidence for column in columns]
        if limits.margin is not None and len(columns) == 1:
            flags.append(_margin(evidence, columns[0].numbers) < limits.margin)
        return Outcome(np.logical_or.reduce(flags)) if flags else None

    return judge


def count_below(least: int) -> Judge:
    """Return the rule that there are too few results."""

    def judge(evidence: Evidence) -> Outcome | None:
        results = None if evidence.rows is None else evidence.rows.results
        return None if results is None else Outcome(results < least)

    return judge


def latency_above(seconds: float) -> Judge:
    """Return the rule that a call took too long."""
    return lambda evidence: Outcome(np.broadcast_to(np.asarray(evidence.seconds) > seconds, evidence.count))


def _classes(evidence: Evidence, output: str | None) -> Sequence[ClassColumn]:
    columns = () if evidence.rows is None else evidence.rows.classes
    return columns if output is None else [column for column in columns if column.name == output]


def _fits(column: ClassColumn, texts: set[str]) -> Flags:
    fitting = np.array([text in texts for text in column.factors.texts] or [False])
    return fitting[column.factors.codes]


def _margin(evidence: Evidence, confidence: Floats) -> Floats:
    columns = evidence.values(None)
    if len(columns) < 2:
        # Of two classes, or where only the first is known, the second has at most the rest.
        return 2.0 * confidence - 1.0
    table = np.sort(np.stack([column.numbers for column in columns], axis=1), axis=1)
    return np.asarray(table[:, -1] - table[:, -2])


def _is_empty(answer: Any) -> bool:
    return isinstance(answer, (str, bytes, list, tuple, dict, set)) and len(answer) == 0
