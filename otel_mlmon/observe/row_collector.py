"""Answers of one row that wait to be read together: what makes a call of one row cheap.

A service mostly answers one row at a time. Reading each answer by itself would pay numpy's fixed price several times a
call. Instead the call appends one tuple to a list; when a reader collects, and every thousand rows, what waits is
stacked and takes the way of any other batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from otel_mlmon.observe.channel import Channel
from otel_mlmon.observe.grouping import whole
from otel_mlmon.observe.one_row import OneRowReader
from otel_mlmon.observe.prediction import Answer
from otel_mlmon.observe.recorders import CallRecorders, RowRecorders
from otel_mlmon.observe.recording import record_numbers, record_rows
from otel_mlmon.observe.rows import read_rows
from otel_mlmon.observe.segments import Pairs, current
from otel_mlmon.observe.summary import Summary, summarise

MAX_WAITING = 1024
"""Rows that wait before they are read inline."""


class Waiting:
    """Waiting rows in one segment.

    Appending to a list, and slicing or deleting its front, are each atomic: appending threads need no lock, and what
    is appended meanwhile stays for the next time.
    """

    __slots__ = ("calls", "kind", "recorders", "rows", "shape", "template")

    def __init__(self, template: Answer, array: NDArray[Any], calls: CallRecorders, recorders: RowRecorders) -> None:
        self.template = evolve(template, values=None)
        self.shape = array.shape
        self.kind = array.dtype.kind
        self.calls = calls
        self.recorders = recorders
        self.rows: list[tuple[float, Any]] = []


class RowCollector:
    """Collects the one-row answers of one model object and one of its operations.

    Parameters
    ----------
    channel
        Where they are recorded.
    owner
        Returns the model object, or None when it is gone: another object of that name may have other classes.
    """

    def __init__(self, channel: Channel, owner: Callable[[], object]) -> None:
        self._channel = channel
        self._telemetry = channel.telemetry
        self._segmenting = channel.segmenting
        self._owner = owner
        self._reader = OneRowReader(channel.output)
        self._waiting: dict[tuple[Pairs, Pairs], Waiting] = {}
        self._retired: list[Waiting] = []
        self._known_to_flush = False

    def collect(self, answer: NDArray[Any], inputs: Any, seconds: float) -> Waiting | None:
        """Let an answer of shape (1,) or (1, outputs) wait; None where it must be observed at once."""
        context = current()
        waiting = self._waiting.get((self._segmenting.of_one(inputs, context), context))
        if waiting is None or waiting.shape != answer.shape or waiting.kind != answer.dtype.kind:
            return None
        if self._telemetry.tracing and self._channel.exemplar_is_due():
            return None
        rows = waiting.rows
        rows.append((seconds, answer[0].tolist()))
        if len(rows) >= MAX_WAITING:
            self._telemetry.flush_if_free(lambda: self._record(waiting))
        return waiting

    def begin(self, answer: Answer, array: NDArray[Any], inputs: Any) -> None:
        """Let answers like this one, which has been observed, wait from now on."""
        context = current()
        pairs = self._segmenting.of_one(inputs, context)
        # What would be folded is few, and its number must be counted.
        if (pairs, context) not in self._waiting and self._channel.has_own_recorders(pairs, context):
            calls, recorders = self._channel.call_recorders(context), self._channel.row_recorders(pairs, 0)
            self._waiting.setdefault((pairs, context), Waiting(answer, array, calls, recorders))
            if not self._known_to_flush:
                self._known_to_flush = True
                self._telemetry.add_waiting_room(self)

    def begin_anew(self) -> None:
        """Take no more rows under what is known of the model: it has been trained, and may know other classes."""
        waiting, self._waiting = self._waiting, {}
        self._retired += waiting.values()

    def summary(self, waiting: Waiting, answer: NDArray[Any]) -> Summary | None:
        """Return what a span says about an answer that waits."""
        whole = evolve(waiting.template, values=answer)
        row = self._reader.read(whole) or read_rows(whole, self._channel.output)
        return None if row is None else summarise(row, self._channel.output)

    def empty(self) -> bool:
        """Record all that waits, as a part of flushing; false when nothing will ever wait here again."""
        for waiting in list(self._waiting.values()):
            self._record(waiting)
        self._retired = [waiting for waiting in self._retired if self._record(waiting)]
        return self._owner() is not None

    def forget(self) -> None:
        """Throw away what waits: in a forked child it is the parent's."""
        for waiting in (*self._waiting.values(), *self._retired):
            waiting.rows.clear()

    def _record(self, waiting: Waiting) -> int:
        count = len(waiting.rows)
        if count:
            taken = waiting.rows[:count]
            del waiting.rows[:count]
            record_numbers(np.array([seconds for seconds, _ in taken]), waiting.calls.duration)
            record_numbers(np.ones(count), waiting.calls.batch_size)
            stacked = evolve(waiting.template, values=np.array([row for _, row in taken]))
            rows = read_rows(stacked, self._channel.output)
            if rows is not None:
                record_rows(rows, whole(waiting.recorders, count))
        return count
