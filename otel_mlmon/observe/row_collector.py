"""Answers of one row that wait to be read together: what makes a call of one row cheap.

A service mostly answers one row at a time. Reading each answer by itself would pay numpy's fixed price several times a
call. Instead the call appends the answer's bytes to a list; when a reader collects, and every thousand rows, what waits
is one array and takes the way of any other batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import evolve
from numpy import ndarray
from numpy.typing import NDArray

from otel_mlmon.observe.answers import Answer
from otel_mlmon.observe.channel import Channel
from otel_mlmon.observe.grouping import whole
from otel_mlmon.observe.one_row import OneRowReader
from otel_mlmon.observe.recorders import CallRecorders, RowRecorders
from otel_mlmon.observe.recording import record_numbers, record_rows
from otel_mlmon.observe.rows import read_rows
from otel_mlmon.observe.segments import Pairs, current
from otel_mlmon.observe.summary import Summary, summarise

MAX_WAITING = 1024
"""Rows that wait before they are read inline."""

MAX_WAITING_NUMBERS = 2**16
"""The same for wide rows, in numbers."""

SECONDS = 1e-9
"""Of a nanosecond."""


class Waiting:
    """Waiting rows in one segment.

    Appending to a list, and slicing or deleting its front, are each atomic: appending threads need no lock, and what
    is appended meanwhile stays for the next time.
    """

    __slots__ = ("calls", "copy", "dtype", "limit", "recorders", "rows", "shape", "template")

    def __init__(self, template: Answer, array: NDArray[Any], calls: CallRecorders, recorders: RowRecorders) -> None:
        self.template = evolve(template, values=None)
        self.shape = array.shape
        self.dtype = array.dtype
        # The caller may change the array: bytes are its cheapest copy, but those of an array of objects are addresses.
        self.copy: Callable[[Any], Any] = ndarray.tolist if array.dtype.hasobject else ndarray.tobytes  # type: ignore[assignment]
        self.limit = min(MAX_WAITING, max(1, MAX_WAITING_NUMBERS // max(1, array.size)))
        self.calls = calls
        self.recorders = recorders
        self.rows: list[tuple[int, Any]] = []

    def take(self, count: int) -> tuple[list[int], NDArray[Any]]:
        """Take the first rows away: nanoseconds of their calls, and answers of shape (count, …)."""
        taken = self.rows[:count]
        del self.rows[:count]
        copies = [copy for _, copy in taken]
        shape = (count, *self.shape[1:])
        if self.dtype.hasobject:
            return [took for took, _ in taken], np.array(copies, dtype=object).reshape(shape)
        return [took for took, _ in taken], np.frombuffer(b"".join(copies), self.dtype).reshape(shape)


class RowCollector:
    """Collects the one-row answers of one model object and one of its operations.

    Parameters
    ----------
    channel
        Where they are recorded.
    owner
        Returns the model object, or None when it is gone: another object of that name may have other classes.
    inputs
        Picks the model's inputs from positional and keyword arguments.
    """

    def __init__(
        self,
        channel: Channel,
        owner: Callable[[], object],
        inputs: Callable[[tuple[Any, ...], dict[str, Any]], Any],
    ) -> None:
        self._channel = channel
        self._telemetry = channel.telemetry
        self._segmenting = channel.segmenting
        self._owner = owner
        self._has_columns = bool(channel.segmenting.columns)
        self._inputs = inputs
        self._reader = OneRowReader(channel.output)
        # By the segments of the context; where columns of the inputs cut, too, by those and the row's own.
        self._waiting: dict[object, Waiting] = {}
        self._retired: list[Waiting] = []
        self._known_to_flush = False

    def collect(
        self, answer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], started: int, took: int
    ) -> Waiting | None:
        """Let an answer of one row wait; None where it must be observed at once.

        Parameters
        ----------
        answer
            Only arrays of shape (1,) and (1, outputs), as observed before, can wait.
        args, kwargs
            What the method was called with: only the model and its inputs, else the answer may mean something else.
        started, took
            Nanoseconds on the clock of ``perf_counter_ns``.
        """
        if type(answer) is not ndarray or kwargs or len(args) != 2 or started >= self._channel.next_look:
            return None
        context = current()
        waiting = self._waiting.get(self._key(args, answer, context) if self._has_columns else context)
        if waiting is None or answer.shape != waiting.shape:
            return None
        # The same object for all numbers, and a comparison of objects is the cheaper one.
        if answer.dtype is not waiting.dtype and answer.dtype != waiting.dtype:
            return None
        rows = waiting.rows
        rows.append((took, waiting.copy(answer)))
        if len(rows) >= waiting.limit:
            self._telemetry.run_if_free(lambda: self._record(waiting))
        return waiting

    def begin(self, answer: Answer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Let answers like this one, which has been observed, wait from now on."""
        array, context = answer.values, current()
        if type(array) is not ndarray or array.shape[:1] != (1,) or kwargs or len(args) != 1:
            return
        pairs = self._segmenting.of_one(self._inputs(args, kwargs), context)
        key = (pairs, context) if self._has_columns else context
        # What would be folded is few, and its number must be counted.
        if key not in self._waiting and self._channel.has_own_recorders(pairs, context):
            calls, recorders = self._channel.call_recorders(context), self._channel.row_recorders(pairs, 0)
            self._waiting.setdefault(key, Waiting(answer, array, calls, recorders))
            if not self._known_to_flush:
                self._known_to_flush = True
                self._telemetry.add_waiting_room(self)

    def _key(self, args: tuple[Any, ...], answer: NDArray[Any], context: Pairs) -> tuple[Pairs, Pairs] | None:
        if answer.shape[:1] != (1,):
            return None
        return self._segmenting.of_one(self._inputs(args[1:], {}), context), context

    def begin_anew(self) -> None:
        """Take no more rows under what is known of the model: it has been trained, and may know other classes."""
        waiting, self._waiting = self._waiting, {}
        self._retired += waiting.values()

    def summary(self, waiting: Waiting, answer: NDArray[Any]) -> Summary | None:
        """Return what a span says about an answer that waits."""
        row = evolve(waiting.template, values=answer)
        read = self._reader.read(row) or read_rows(row, self._channel.output)
        return None if read is None else summarise(read, self._channel.output)

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
            took, values = waiting.take(count)
            record_numbers(np.array(took) * SECONDS, waiting.calls.duration)
            record_numbers(np.ones(count), waiting.calls.batch_size)
            rows = read_rows(evolve(waiting.template, values=values), self._channel.output)
            if rows is not None:
                record_rows(rows, whole(waiting.recorders, count))
        return count
