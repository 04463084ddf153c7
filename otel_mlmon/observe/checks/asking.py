"""A service's own check functions as judges: what they are given, and what their answers mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from otel_mlmon import safety
from otel_mlmon.observe.arrays import to_array, to_floats
from otel_mlmon.observe.checks.budget import Budget
from otel_mlmon.observe.checks.evidence import Evidence, Outcome
from otel_mlmon.observe.checks.functions import Answered, CheckResult
from otel_mlmon.observe.checks.rules import Judge

STAGE = "check"


def asking(
    function: Callable[[Answered], Any], model: str, operation: str, budget: Budget, skipped: Callable[[int], None]
) -> Judge:
    """Return the judge that asks a function, within its budget.

    Parameters
    ----------
    function
        As :func:`otel_mlmon.check` takes it.
    model, operation
        Which it is asked about.
    budget
        That it has.
    skipped
        Takes the rows of a call that it is not asked about.
    """

    def judge(evidence: Evidence) -> Outcome | None:
        if not budget.admits():
            skipped(evidence.count)
            return None
        answered = _answered(evidence, model, operation)
        started = budget.begin()
        try:
            said = function(answered)
        except Exception as error:  # noqa: BLE001  (the service's own code)
            safety.report(STAGE, error)
            return None
        finally:
            budget.spent(started)
        return outcome_of(said, evidence.count)

    return judge


def outcome_of(said: Any, count: int) -> Outcome | None:
    """Return what a check's function means; None where it says nothing.

    Raises
    ------
    TypeError
        It said something that is neither a truth value nor a number, nor one of these a row.
    """
    if isinstance(said, CheckResult):
        passed = None if said.passed is None else outcome_of(said.passed, count)
        value = None if said.value is None else outcome_of(said.value, count)
        if passed is None:
            return value
        return Outcome(passed.failed, passed.judged, None if value is None else value.numbers)
    if said is None:
        return None
    array = to_array(said)
    if array is None or array.ndim != 1 or len(array) not in {1, count}:
        message = f"a check should return a truth value or a number, or one of {count} rows, and returned {said!r:.100}"
        raise TypeError(message)
    array = np.broadcast_to(array, count)
    if array.dtype == bool:
        return Outcome(~array)
    numbers = to_floats(array)
    if numbers is None:
        message = f"a check should return truth values or numbers, and returned {said!r:.100}"
        raise TypeError(message)
    return Outcome(np.zeros(count, dtype=bool), None, numbers)


def _answered(evidence: Evidence, model: str, operation: str) -> Answered:
    rows = evidence.rows
    values = {} if rows is None else {column.name or "": column.numbers for column in rows.values}
    classes = {} if rows is None else {one.name or "": one.factors for one in rows.classes}
    return Answered(
        model=model,
        operation=operation,
        inputs=evidence.inputs,
        answer=evidence.answer,
        rows=evidence.count,
        values=values,
        classes={name: [factors.texts[code] for code in factors.codes.tolist()] for name, factors in classes.items()},
        results=None if rows is None else rows.results,
        items=None if rows is None or rows.items is None else rows.items.identifiers,
        segments=evidence.segments,
        context=evidence.said,
        seconds=float(np.mean(evidence.seconds)),
    )
