"""The recorders of the watched inputs of one operation of one model, in one segment of the context."""

from __future__ import annotations

from otel_mlmon import semconv
from otel_mlmon.config.buckets import Layout
from otel_mlmon.emit.recorder import Recorder
from otel_mlmon.observe.inputs.states import TEXTS
from otel_mlmon.observe.recorders import Scope, segment_attributes
from otel_mlmon.observe.segments import Pairs


class InputRecorders:
    """Of watched columns, each made when it is first asked for.

    Not by the segments of rows: columns, states and those would multiply.
    """

    def __init__(self, scope: Scope, pairs: Pairs) -> None:
        self._scope = scope
        self._segments = segment_attributes(pairs)
        self._states: dict[tuple[str, int], Recorder] = {}
        self._values: dict[str, Recorder] = {}
        self._rows: dict[bool, Recorder] = {}

    def state(self, column: str, state: int) -> Recorder:
        """Return where the values of a column are counted that are in a state."""
        recorder = self._states.get((column, state))
        if recorder is None:
            more = ((semconv.INPUT_NAME, column), (semconv.INPUT_STATE, TEXTS[state]), *self._segments)
            recorder = self._states[column, state] = self._scope.counter(semconv.INPUT_VALUES, more)
        return recorder

    def rows(self, *, problem: bool) -> Recorder:
        """Return where rows are counted, with a problem or without one."""
        recorder = self._rows.get(problem)
        if recorder is None:
            state = semconv.STATE_PROBLEM if problem else semconv.STATE_OK
            more = ((semconv.INPUT_STATE, state), *self._segments)
            recorder = self._rows[problem] = self._scope.counter(semconv.INPUT_ROWS, more)
        return recorder

    def value(self, column: str, layout: Layout) -> Recorder:
        """Return where the numbers of a column go."""
        recorder = self._values.get(column)
        if recorder is None:
            more = ((semconv.INPUT_NAME, column), *self._segments)
            recorder = self._values[column] = self._scope.histogram(semconv.INPUT_VALUE, layout, more)
        return recorder
