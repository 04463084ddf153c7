"""All watched inputs of one operation of one model: looked at, counted, and named on the span of a call."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otel_mlmon import safety
from otel_mlmon.config.inputs import Input
from otel_mlmon.observe.grouping import column_of
from otel_mlmon.observe.inputs.column_values import (
    ColumnValues,
    Objects,
    count_of,
    finite_numbers,
    number_or_nan,
    read_values,
)
from otel_mlmon.observe.inputs.input_recorders import InputRecorders
from otel_mlmon.observe.inputs.own_rows import ONE_VALUE, rows_of
from otel_mlmon.observe.inputs.states import MISSING, OK, TEXTS, States
from otel_mlmon.observe.inputs.watched_column import WatchedColumn, only_value
from otel_mlmon.observe.recorders import Scope
from otel_mlmon.observe.recording import record_numbers
from otel_mlmon.observe.segments import Pairs, current

STAGE = "inputs"


class ModelInputs:
    """Looks at the inputs of each call, whether or not the model answered it.

    Rows are those of the inputs, and a mapping of single values is one: a ranking has one answer to many candidates,
    and many scores for one user.

    Parameters
    ----------
    scope
        What is recorded of, and where.
    watched
        The configured columns.
    call_wide
        Returns the segments of the running call.
    """

    def __init__(self, scope: Scope, watched: Sequence[Input], call_wide: Callable[[], Pairs] = current) -> None:
        self._scope = scope
        self._call_wide = call_wide
        self._columns = [WatchedColumn.of(one) for one in watched]
        self._recorders: dict[Pairs, InputRecorders] = {}

    @safety.guard(STAGE)
    def look(self, inputs: Any, answered: int | None) -> tuple[str, ...]:
        """Count what is wrong with the inputs of a call, and return the names of columns with a problem.

        Parameters
        ----------
        inputs
            As the model was given them.
        answered
            Rows of the answer, for inputs that do not say how many there are; None where they are not known, either.
        """
        columns = [column_of(inputs, column.key) for column in self._columns]
        found = [
            (None,) if given is None and type(inputs) is dict and column.key in inputs else only_value(given)
            for column, given in zip(self._columns, columns, strict=True)
        ]
        recorders = self._recorders_of(self._call_wide()) if self._scope.telemetry.measuring else None
        if None in found:
            return self._look_at_rows(inputs, columns, recorders, answered)
        return self._look_at_row([one[0] for one in found if one is not None], recorders)

    def _look_at_row(self, values: Sequence[Any], recorders: InputRecorders | None) -> tuple[str, ...]:
        problems: tuple[str, ...] = ()
        for column, value in zip(self._columns, values, strict=True):
            state = column.judge.value(value)
            if state != OK:
                problems = (*problems, column.name)
            if recorders is not None:
                recorders.state(column.name, state).record(1)
                if column.layout is not None:
                    number = number_or_nan(value)
                    if math.isfinite(number):
                        recorders.value(column.name, column.layout).record(number)
        if recorders is not None:
            recorders.rows(problem=bool(problems)).record(1)
        return problems

    def _look_at_rows(
        self, inputs: Any, columns: Sequence[Any], recorders: InputRecorders | None, answered: int | None
    ) -> tuple[str, ...]:
        read = [None if given is None or isinstance(given, ONE_VALUE) else read_values(given) for given in columns]
        count = _count(inputs, columns, read, answered)
        wrong: NDArray[np.bool_] = np.zeros(count, dtype=np.bool_)
        problems: tuple[str, ...] = ()
        for column, given, found in zip(self._columns, columns, read, strict=True) if count else ():
            values = self._aligned(column, given, found, count, inputs)
            states = column.judge.values(values)
            if states.any():
                problems = (*problems, column.name)
                # Of one value, that is of each row.
                wrong |= states != OK
            if recorders is not None:
                _record(column, values, states, count, recorders)
        if recorders is not None:
            with_problem = int(np.count_nonzero(wrong))
            for rows, problem in ((with_problem, True), (count - with_problem, False)):
                if rows:
                    recorders.rows(problem=problem).record(rows)
        return problems

    def _aligned(
        self, column: WatchedColumn, given: Any, found: ColumnValues | None, count: int, inputs: Any
    ) -> ColumnValues:
        """Return a column's values, one a row or one for all of them; missing ones where it is none of either."""
        if isinstance(given, ONE_VALUE):
            return Objects([given])
        if found is not None and count_of(found) == count:
            return found
        if given is not None or not column.is_in(inputs):
            self._warn_of_missing(column, inputs)
        return Objects([None])

    def _recorders_of(self, context: Pairs) -> InputRecorders:
        recorders = self._recorders.get(context)
        if recorders is None:
            resolved, _ = self._scope.segments.of_calls.resolve(context)
            recorders = self._recorders.get(resolved)
            if recorders is None:
                recorders = self._recorders.setdefault(resolved, InputRecorders(self._scope, resolved))
        return recorders

    def _warn_of_missing(self, column: WatchedColumn, inputs: Any) -> None:
        safety.log_once(
            f"input {self._scope.model_name} {column.name}",
            "otel-mlmon: model '%s' got no column '%s' with one value a row, in inputs of type '%s': its values count "
            "as '%s'; see inputs in the configuration",
            self._scope.model_name,
            column.name,
            type(inputs).__name__,
            TEXTS[MISSING],
        )


def _record(column: WatchedColumn, values: ColumnValues, states: States, count: int, recorders: InputRecorders) -> None:
    times = count // len(states)
    for state, number in enumerate(np.bincount(states).tolist()):
        if number:
            recorders.state(column.name, state).record(number * times)
    if column.layout is not None:
        record_numbers(np.repeat(finite_numbers(values), times), recorders.value(column.name, column.layout))


def _count(inputs: Any, columns: Sequence[Any], read: Sequence[ColumnValues | None], answered: int | None) -> int:
    lengths = [count_of(values) for values in read if values is not None]
    if lengths:
        return answered if answered in lengths else max(lengths)
    if any(isinstance(given, ONE_VALUE) for given in columns):
        return 1
    own = rows_of(inputs)
    return own if own is not None else 1 if answered is None else answered
