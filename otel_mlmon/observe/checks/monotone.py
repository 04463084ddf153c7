"""The rule that raising an input must not move a score the wrong way: the model is asked again, in another thread."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextvars import copy_context
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any

import numpy as np

from otel_mlmon import safety
from otel_mlmon.config.checks import Direction, Monotone
from otel_mlmon.observe.arrays import Floats, can, to_floats
from otel_mlmon.observe.checks.evidence import Evidence, Outcome

MAX_WAITING = 64
"""Calls that wait to be asked again; those beyond are not."""

IDLE_SECONDS = 5.0
"""After which the thread that asks ends."""

Work = Callable[[], None]


class Later:
    """Does work in one thread of its own, which is there only while there is work."""

    def __init__(self) -> None:
        self._waiting: Queue[Work] = Queue(MAX_WAITING)
        self._thread: Thread | None = None

    def do(self, work: Work) -> bool:
        """Do it soon; false where too much is waiting."""
        try:
            self._waiting.put_nowait(work)
        except Full:
            return False
        # A forked child has the thread object of its parent, and not the thread.
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._run, name="otel_mlmon checks", daemon=True)
            self._thread.start()
        return True

    def _run(self) -> None:
        while True:
            try:
                work = self._waiting.get(timeout=IDLE_SECONDS)
            except Empty:
                return
            with safety.guard("check"):
                work()


later = Later()


def monotone(rule: Monotone, tell: Callable[[Outcome], None]) -> Callable[[Evidence], None]:
    """Return what looks at a share of the calls, and tells its outcome later.

    Parameters
    ----------
    rule
        Which input, how far, and which way.
    tell
        Takes the outcome, from another thread.
    """

    def look(evidence: Evidence) -> None:
        if evidence.ask is None or random.random() >= rule.share:  # noqa: S311  (no secret)
            return
        columns = evidence.values(None)
        raised = _raised(evidence.inputs, rule.input, rule.step)
        if raised is None or not columns:
            return
        before, ask = columns[0].numbers.reshape(evidence.count, -1)[:, 0].copy(), evidence.ask

        def compare() -> None:
            after = score_of(ask(raised))
            if after is not None and after.shape == before.shape:
                risen = after - before if rule.direction is Direction.RISING else before - after
                tell(Outcome(risen < 0.0, None, risen))

        context = copy_context()
        later.do(lambda: context.run(compare))

    return look


def score_of(answer: Any) -> Floats | None:
    """Return one number a row of what a model answered: its last column is that of the positive class."""
    numbers = to_floats(answer)
    return None if numbers is None else numbers.reshape(len(numbers), -1)[:, -1]


def _raised(inputs: Any, column: str | int, step: float) -> Any:
    """Return a copy of inputs with one column raised; None where they have none."""
    if isinstance(inputs, dict) and column in inputs:
        return {**inputs, column: np.asarray(inputs[column]) + step}
    if isinstance(inputs, np.ndarray) and isinstance(column, int) and inputs.ndim == 2 and column < inputs.shape[1]:
        raised = inputs.astype(float)
        raised[:, column] += step
        return raised
    if can(inputs, "assign") and column in inputs.columns:
        return inputs.assign(**{str(column): inputs[column] + step})
    if can(inputs, "with_columns") and column in inputs.columns:
        return inputs.with_columns(inputs[column] + step)
    return None
