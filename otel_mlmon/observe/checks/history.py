"""Rules that remember: the same answer to everything, another answer than the last time for the same key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import islice
from threading import Lock
from typing import Any

import numpy as np

from otel_mlmon.config.checks import Changed
from otel_mlmon.observe.arrays import to_array, to_table
from otel_mlmon.observe.checks.evidence import Evidence, Outcome
from otel_mlmon.observe.checks.keys import keys_of
from otel_mlmon.observe.checks.rules import Judge

MAX_KEYS = 10_000
"""Of which the last answer is remembered: the most recent ones."""

MAX_ROWS = 1_000
"""Of one call that are looked at."""


def constant(calls: int) -> Judge:
    """Return the rule that so many different inputs after each other had the same answer, in this process."""
    run = _Run(calls)

    def judge(evidence: Evidence) -> Outcome | None:
        answers, inputs = answers_of(evidence), _input_hashes(evidence)
        if answers is None or inputs is None:
            return None
        failed = np.zeros(evidence.count, dtype=bool)
        with run.lock:
            failed[: len(answers)] = [run.goes_on(*pair) for pair in zip(answers, inputs, strict=True)]
        judged = np.arange(evidence.count) < len(answers)
        return Outcome(failed, judged)

    return judge


class _Run:
    """Answers that are the same since some input."""

    def __init__(self, calls: int) -> None:
        self.lock = Lock()
        self._calls = calls
        self._answer: Any = None
        self._inputs: set[int] = set()

    def goes_on(self, answer: Any, inputs: int) -> bool:
        if answer != self._answer:
            self._answer = answer
            self._inputs = set()
        if len(self._inputs) < self._calls:
            self._inputs.add(inputs)
        return len(self._inputs) >= self._calls


def changed(rule: Changed) -> Judge:
    """Return the rule that a key has another answer than the last time."""
    last: OrderedDict[Any, Any] = OrderedDict()
    lock = Lock()

    def compare(key: Any, answer: Any) -> bool | None:
        before = last.pop(key, None)
        last[key] = answer
        if len(last) > MAX_KEYS:
            last.popitem(last=False)
        return None if before is None else not are_close(before, answer, rule.tolerance)

    def judge(evidence: Evidence) -> Outcome | None:
        answers = answers_of(evidence)
        keys = None if answers is None else keys_of(rule.key, evidence)
        if answers is None or keys is None:
            return None
        with lock:
            found = [compare(*pair) for pair in zip(keys[:MAX_ROWS], answers, strict=True)]
        rest = [None] * (evidence.count - len(found))
        told = np.array([*found, *rest], dtype=object)
        return Outcome(told == True, told != None)  # noqa: E711, E712  (elementwise)

    return judge


def answers_of(evidence: Evidence) -> Sequence[Any] | None:
    """Return the answer of each row, of the first thousand, as something to compare; None where nothing was read."""
    rows = evidence.rows
    if rows is None or not rows.count:
        return None
    columns: list[list[Any]] = [column.numbers.reshape(rows.count, -1)[:MAX_ROWS, 0].tolist() for column in rows.values]
    for classes in rows.classes:
        texts = classes.factors.texts
        columns.append([texts[code] for code in classes.factors.codes[:MAX_ROWS].tolist()])
    if rows.items is not None:
        identifiers = rows.items.identifiers[:MAX_ROWS].tolist()
        present = rows.items.present[:MAX_ROWS].tolist()
        columns.append(
            [
                tuple(item for item, is_there in zip(*pair, strict=True) if is_there)
                for pair in zip(identifiers, present, strict=True)
            ]
        )
    return list(zip(*columns, strict=True)) if columns else None


def are_close(one: Sequence[Any], other: Sequence[Any], tolerance: float) -> bool:
    """Tell whether two answers of a row are the same, numbers within a tolerance."""
    return len(one) == len(other) and all(_is_close(*pair, tolerance) for pair in zip(one, other, strict=True))


def _is_close(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= tolerance or (one != one and other != other)  # noqa: PLR0124  (NaN)
    return bool(one == other)


def _input_hashes(evidence: Evidence) -> Sequence[int] | None:
    inputs, count = evidence.inputs, evidence.count
    if isinstance(inputs, dict):
        rows = [tuple(inputs.values())] if count == 1 else islice(zip(*inputs.values(), strict=False), MAX_ROWS)
        hashes = [hash(str(row)) for row in rows]
        return hashes if len(hashes) == min(count, MAX_ROWS) else None
    array = to_array(inputs)
    if array is None:
        return None
    table = array.reshape(1, -1) if count == 1 else to_table(array)
    if len(table) != count:
        return None
    if table.dtype.hasobject:
        return [hash(str(row)) for row in table[:MAX_ROWS].tolist()]
    return [hash(row.tobytes()) for row in table[:MAX_ROWS]]
