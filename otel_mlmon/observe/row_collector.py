"""Answers of one row or of few that wait to be read together: what makes such a call cheap.

A service mostly answers one row at a time, or as many as there are candidates. Reading each answer by itself would
pay numpy's fixed price many times a call. Instead the call appends the answer's bytes to a list; when a reader
collects, and every thousand calls, what waits is one array and takes the way of any other batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
from attrs import evolve
from numpy import ndarray
from numpy.typing import NDArray

from otel_mlmon.observe.answers import OneOutput, has_column_beside
from otel_mlmon.observe.channel import Channel
from otel_mlmon.observe.checks.evidence import Evidence
from otel_mlmon.observe.grouping import Partition
from otel_mlmon.observe.one_row import OneRowReader
from otel_mlmon.observe.recorders import CallRecorders, RowRecorders
from otel_mlmon.observe.recording import record_each, record_rows
from otel_mlmon.observe.rows import read_rows
from otel_mlmon.observe.segments import Pairs
from otel_mlmon.observe.summary import Summary, summarise

MAX_WAITING = 1024
"""Calls that wait before they are read inline."""

MAX_WAITING_NUMBERS = 2**16
"""The same in numbers, for calls of many rows and for wide rows."""

MAX_KINDS = 4096
"""Of answers that wait apart: by segment, type and names of the outputs."""

MAX_ROWS = 1024
"""An answer of more rows is worth a look by itself."""

MAX_INTEGER = 2**53
"""Beyond it numpy makes objects of Python's whole numbers."""

SECONDS = 1e-9
"""Of a nanosecond."""

SECONDS_OF_LATE_CALLS = 5.0
"""For which a thread may be held up between finding where its answer waits and putting it there."""


class Waiting:
    """Answers that wait in one segment.

    Appending to a list, and slicing or deleting its front, are each atomic: appending threads need no lock, and what
    is appended meanwhile stays for the next time.
    """

    __slots__ = ("answers", "calls", "copy", "dtype", "likeness", "limit", "numbers", "recorders", "shape", "template")

    def __init__(self, template: OneOutput, array: NDArray[Any], calls: CallRecorders, recorders: RowRecorders) -> None:
        self.template = evolve(template, values=None)
        self.shape = (1, *array.shape[1:])
        self.dtype = array.dtype
        # Of segments in which this is the same, the answers can be read together.
        self.likeness = (self.shape, array.dtype, type(template), id(getattr(template, "classes", None)))
        # The caller may change the array: bytes are its cheapest copy, but those of an array of objects are addresses.
        self.copy: Callable[[Any], Any] = ndarray.tolist if array.dtype.hasobject else ndarray.tobytes  # type: ignore[assignment]
        self.limit = min(MAX_WAITING, max(1, MAX_WAITING_NUMBERS // math.prod(self.shape)))
        self.numbers = 0
        self.calls = calls
        self.recorders = recorders
        self.answers: list[tuple[int, Any]] = []

    def takes_rows(self, answer: NDArray[Any]) -> bool:
        """Tell whether an answer of several rows, or of none, can wait here; counts it if it can."""
        if answer.ndim != len(self.shape) or answer.shape[1:] != self.shape[1:] or not 0 < len(answer) <= MAX_ROWS:
            return False
        # Threads may miss each other's: then it is read a little later.
        self.numbers += answer.size
        return True

    def take(self) -> list[tuple[int, Any]]:
        """Take away what waits now."""
        count = len(self.answers)
        taken = self.answers[:count]
        del self.answers[:count]
        self.numbers = 0
        return taken

    def rows_of(self, copy: Any) -> int:
        """Return the rows of an answer that waited."""
        return len(copy) if self.dtype.hasobject else len(copy) // (self.dtype.itemsize * math.prod(self.shape))

    def stack(self, copies: list[Any]) -> OneOutput:
        """Return copies of answers like the template as one answer."""
        if self.dtype.hasobject:
            values = np.array([row for copy in copies for row in copy], dtype=object)
        else:
            values = np.frombuffer(b"".join(copies), self.dtype)
        return evolve(self.template, values=values.reshape(-1, *self.shape[1:]))


class RowCollector:
    """Collects the answers of few rows of one model object and one of its operations.

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
        self._call_wide = channel.segmenting.call_wide
        self._cuts_rows = channel.segmenting.cuts_rows
        self._inputs = inputs
        self._reader = OneRowReader(channel.output)
        # By the segments of the context; where columns of the inputs cut, too, by those and the row's own.
        self._waiting: dict[object, Waiting] = {}
        # With the time of their retirement.
        self._retired: list[tuple[float, Waiting]] = []
        self._known_to_flush = False
        self._is_left = False

    def collect(
        self, answer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], started: int, took: int
    ) -> Waiting | None:
        """Let an answer wait; None where it must be observed at once.

        Parameters
        ----------
        answer
            Only an array whose rows are as those observed before can wait; where columns of the inputs cut, of one row.
        args, kwargs
            What the method was called with: only the model and its inputs, else the answer may mean something else.
        started, took
            Nanoseconds on the clock of ``perf_counter_ns``.
        """
        if started >= self._channel.next_look or kwargs or len(args) != 2 or type(answer) is not ndarray:
            return None
        context = self._call_wide()
        key = self._key(args[1:], kwargs, answer, context) if self._cuts_rows else context
        return self._let_wait(self._waiting.get(key), answer, took)

    def collect_read(
        self, answer: OneOutput, args: tuple[Any, ...], kwargs: dict[str, Any], started: int, took: int
    ) -> Waiting | None:
        """Let an answer wait that an adapter has read already; None where it must be observed at once.

        Parameters
        ----------
        answer
            As :meth:`collect` takes them, or a single number or label; whatever the call was.
        args, kwargs
            What the method was called with, without the model.
        started, took
            Nanoseconds on the clock of ``perf_counter_ns``.
        """
        if started >= self._channel.next_look:
            return None
        array = _as_array(answer.values)
        if array is None:
            return None
        key = self._key(args, kwargs, array, self._call_wide()) if self._cuts_rows else self._call_wide()
        return self._let_wait(self._waiting.get(_read_key(key, answer, array)), array, took)

    def _let_wait(self, waiting: Waiting | None, answer: NDArray[Any], took: int) -> Waiting | None:
        if waiting is None or (answer.shape != waiting.shape and not waiting.takes_rows(answer)):
            return None
        # The same object for all numbers, and a comparison of objects is the cheaper one.
        if answer.dtype is not waiting.dtype and answer.dtype != waiting.dtype:
            return None
        answers = waiting.answers
        answers.append((took, waiting.copy(answer)))
        if len(answers) >= waiting.limit or waiting.numbers >= MAX_WAITING_NUMBERS:
            self._telemetry.run_if_free(partial(self._record, [waiting]))
        return waiting

    def begin(self, answer: OneOutput, returned: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Let answers like this one, which has been observed, wait from now on.

        Parameters
        ----------
        answer
            As it was read.
        returned
            By the method.
        args, kwargs
            What the method was called with, without the model.
        """
        array, context = _as_array(answer.values), self._call_wide()
        if array is None or not array.ndim or not array.size or has_column_beside(answer):
            return
        if len(array) > (1 if self._cuts_rows else MAX_ROWS):
            return
        pairs = self._segmenting.of_one(self._inputs(args, kwargs), context)
        key: object = (pairs, context) if self._cuts_rows else context
        keys = [_read_key(key, answer, array)]
        if returned is array and not kwargs and len(args) == 1:
            keys.append(key)
        # What would be folded is few, and its number must be counted.
        if not self._is_left and len(self._waiting) < MAX_KINDS and self._channel.has_own_recorders(pairs, context):
            if not self._known_to_flush:
                self._telemetry.add_waiting_room(self)
                self._known_to_flush = True
            calls, recorders = self._channel.call_recorders(context), self._channel.row_recorders(pairs, 0)
            waiting = Waiting(answer, array, calls, recorders)
            for one in keys:
                waiting = self._waiting.setdefault(one, waiting)

    def _key(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], answer: NDArray[Any], context: Pairs
    ) -> tuple[Pairs, Pairs] | None:
        if answer.shape[:1] != (1,) or self._segmenting.asks:
            return None
        return self._segmenting.of_one(self._inputs(args, kwargs), context), context

    def begin_anew(self) -> None:
        """Take no more rows under what is known of the model: it has been trained, and may know other classes."""
        waiting, self._waiting = self._waiting, {}
        now = monotonic()
        self._retired.extend((now, one) for one in waiting.values())

    def leave(self) -> None:
        """Take no more rows for ever: another collector does, as another configuration says."""
        self._is_left = True
        self.begin_anew()

    def summary(self, waiting: Waiting, values: Any) -> Summary | None:
        """Return what a span says about an answer that waits."""
        row = evolve(waiting.template, values=_as_array(values))
        output, checks = self._channel.output, self._channel.checks
        if not checks.are_any:
            read = self._reader.read(row) or read_rows(row, output)
            return None if read is None else summarise(read, output)
        rows = read_rows(row, output)
        return (
            None
            if rows is None
            else summarise(rows, output).with_failed(list(checks.look_at_rows(Evidence(rows), None)))
        )

    def empty(self) -> bool:
        """Record all that waits, as a part of flushing; false when nothing will ever wait here again."""
        late = monotonic() - SECONDS_OF_LATE_CALLS
        for retired in list(self._retired):
            # A call that began before the model was trained may be late: only what stayed empty is let go.
            if retired[0] <= late and not retired[1].answers:
                self._retired.remove(retired)
        alike: dict[object, list[Waiting]] = {}
        for waiting in (*self._waiting.values(), *(retired for _, retired in self._retired)):
            alike.setdefault(waiting.likeness, []).append(waiting)
        for group in alike.values():
            self._record(group)
        is_done = self._is_left and not (self._waiting or self._retired)
        return self._owner() is not None and not is_done

    def forget(self) -> None:
        """Throw away what waits: in a forked child it is the parent's."""
        for waiting in (*self._waiting.values(), *(retired for _, retired in self._retired)):
            waiting.answers.clear()

    def _record(self, waiting: Sequence[Waiting]) -> None:
        """Record what waits in several segments, which must be alike: read once, and apart only when it is counted."""
        found = [(segment, answers) for segment in waiting if (answers := segment.take())]
        if not found:
            return
        template = found[0][0]
        taken = [answer for _, answers in found for answer in answers]
        rows = np.array([template.rows_of(copy) for _, copy in taken])
        calls = np.array([len(answers) for _, answers in found])
        of_calls = Partition(None, calls, [segment.calls for segment, _ in found])
        seconds = np.array([took for took, _ in taken]) * SECONDS
        record_each(seconds, of_calls, [to.duration for to in of_calls.members])
        record_each(rows.astype(np.float64), of_calls, [to.batch_size for to in of_calls.members])
        read = read_rows(template.stack([copy for _, copy in taken]), self._channel.output)
        if read is not None:
            sizes = np.add.reduceat(rows, np.cumsum(calls) - calls)
            parts = Partition(None, sizes, [segment.recorders for segment, _ in found])
            record_rows(read, parts)
            if self._channel.checks.are_any:
                self._channel.checks.look_at_rows(Evidence(read, seconds=np.repeat(seconds, rows)), parts)


def _as_array(values: Any) -> NDArray[Any] | None:
    if type(values) is ndarray:
        return values
    if isinstance(values, str):
        # Of one type, whatever their length.
        return np.array([values], dtype=object)
    return np.array([values]) if isinstance(values, (bool, int, float)) and abs(values) < MAX_INTEGER else None


def _read_key(segment: object, answer: OneOutput, array: NDArray[Any]) -> object:
    names = getattr(answer, "classes", getattr(answer, "names", None))
    if has_column_beside(answer):
        return None
    return segment, type(answer), id(names), array.dtype, array.shape[1:]
