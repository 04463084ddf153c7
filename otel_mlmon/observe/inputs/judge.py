"""What is wrong with a value of a watched column, and, by the same rules, with many at once.

Missing comes before any other state, and the wrong type before those that are about values of the right one.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import compress
from operator import is_
from typing import Any

import numpy as np

from otel_mlmon.config.inputs import ColumnType, Input
from otel_mlmon.observe.arrays import Floats
from otel_mlmon.observe.inputs.column_values import Coded, ColumnValues, Moments, Numbers
from otel_mlmon.observe.inputs.moments import (
    MAX_SECONDS,
    seconds_of_array,
    seconds_of_moment,
    seconds_of_moments,
    seconds_of_text,
    seconds_of_texts,
)
from otel_mlmon.observe.inputs.states import MISSING, OK, OUT_OF_RANGE, STALE, UNSEEN, WRONG_TYPE, States

PLAIN_NUMBERS = frozenset((bool, int, float))
TRUTH_VALUES = frozenset((0, 1))
MISSING_OF_PANDAS = frozenset(("NAType", "NaTType"))

MAX_TYPES = 8
"""Of a column's values; with more, they are judged one by one."""


class Judge:
    """Judges the values of a column.

    A truth value is a number, 0 or 1, and these are truth values: an array has one type for all of its columns. A
    number where a time is expected is one in seconds since 1970. An infinite number is out of any range that does not
    say so.

    Parameters
    ----------
    watched
        What is configured.
    """

    def __init__(self, watched: Input) -> None:
        self._expected = watched.expected
        self._low, self._high = watched.range or (-sys.float_info.max, sys.float_info.max)
        self._max_age = watched.max_age
        self._categories = None if watched.categories is None else frozenset(watched.categories)
        self._numbers = np.array([value for value in self._categories or () if not isinstance(value, str)], dtype=float)

    def value(self, value: Any) -> int:
        """Judge one value of any type."""
        kind = type(value)
        if kind in PLAIN_NUMBERS:
            return self._number(value)
        if kind is str:
            return self._text(value)
        return MISSING if value is None else self._unusual(value)

    def values(self, values: ColumnValues) -> States:
        """Judge each of a column's values, shape (rows,)."""
        if isinstance(values, Numbers):
            return self._each_number(values.values)
        if isinstance(values, Moments):
            return self._each_moment(values.values)
        if isinstance(values, Coded):
            # The last one is that of code -1.
            of_codes: States = np.append(self._each(values.values), np.uint8(MISSING))
            return of_codes[values.codes]
        return self._each(values.values)

    def _number(self, value: Any) -> int:
        expected = self._expected
        if value != value:  # noqa: PLR0124  (NaN of any type)
            return MISSING
        if expected is ColumnType.NUMBER:
            if not self._low <= value <= self._high:
                return OUT_OF_RANGE
        elif expected is ColumnType.TIME:
            return self._moment(float(value)) if -MAX_SECONDS <= value <= MAX_SECONDS else WRONG_TYPE
        elif expected is ColumnType.TEXT or (expected is ColumnType.BOOLEAN and value not in TRUTH_VALUES):
            return WRONG_TYPE
        return self._category(value)

    def _each_number(self, values: Floats) -> States:
        expected, states = self._expected, np.full(len(values), OK, dtype=np.uint8)
        if self._categories is not None:
            states[~np.isin(values, self._numbers)] = UNSEEN
        if expected is ColumnType.NUMBER:
            states[~((values >= self._low) & (values <= self._high))] = OUT_OF_RANGE
        elif expected is ColumnType.TIME:
            states = self._each_moment(values)
            states[~((values >= -MAX_SECONDS) & (values <= MAX_SECONDS))] = WRONG_TYPE
        elif expected is ColumnType.BOOLEAN:
            states[(values != 0) & (values != 1)] = WRONG_TYPE
        elif expected is ColumnType.TEXT:
            states[:] = WRONG_TYPE
        states[np.isnan(values)] = MISSING
        return states

    def _text(self, value: str) -> int:
        expected = self._expected
        if not value:
            return MISSING
        if expected is ColumnType.TIME:
            seconds = seconds_of_text(value)
            return WRONG_TYPE if math.isnan(seconds) else self._moment(seconds)
        return self._category(value) if expected is None or expected is ColumnType.TEXT else WRONG_TYPE

    def _each_text(self, values: Sequence[str]) -> States:
        expected, states = self._expected, np.full(len(values), OK, dtype=np.uint8)
        if expected is ColumnType.TIME:
            # A column of times often has few.
            different = list(dict.fromkeys(values))
            seconds = dict(zip(different, seconds_of_texts(different), strict=True))
            moments = np.fromiter(map(seconds.__getitem__, values), np.float64, len(values))
            states = self._each_moment(moments)
            states[np.isnan(moments)] = WRONG_TYPE
        elif expected is not None and expected is not ColumnType.TEXT:
            states[:] = WRONG_TYPE
        elif self._categories is not None:
            known = np.fromiter(map(self._categories.__contains__, values), np.bool_, len(values))
            states[~known] = UNSEEN
        states[np.fromiter(map(len, values), np.intp, len(values)) == 0] = MISSING
        return states

    def _moment(self, seconds: float) -> int:
        if self._expected is not ColumnType.TIME:
            return self._other()
        return STALE if self._max_age is not None and time.time() - seconds > self._max_age else OK

    def _each_moment(self, seconds: Floats) -> States:
        states = np.full(len(seconds), OK, dtype=np.uint8)
        if self._expected is not ColumnType.TIME:
            states[:] = self._other()
        elif self._max_age is not None:
            states[time.time() - seconds > self._max_age] = STALE
        states[np.isnan(seconds)] = MISSING
        return states

    def _category(self, value: Any) -> int:
        return OK if self._categories is None or value in self._categories else UNSEEN

    def _other(self) -> int:
        """Judge a value that is neither number nor text, nor a time where one is expected."""
        if self._expected is not None:
            return WRONG_TYPE
        return OK if self._categories is None else UNSEEN

    def _unusual(self, value: Any) -> int:  # noqa: PLR0911  (one a type)
        if type(value).__name__ in MISSING_OF_PANDAS:
            return MISSING
        if isinstance(value, (np.datetime64, np.timedelta64)):
            if np.isnat(value):
                return MISSING
            # As numpy has it, where it comes in an array.
            is_moment = isinstance(value, np.datetime64)
            return int(self._each_moment(seconds_of_array(np.array([value])))[0]) if is_moment else self._other()
        if isinstance(value, (np.bool_, np.integer, np.floating)):
            return self._number(float(value))
        if isinstance(value, (int, float, Decimal)):
            return self._number(value)
        if isinstance(value, (str, bytes)):
            return self._text(str.__str__(value) if isinstance(value, str) else value.decode("utf-8", "replace"))
        return self._moment(seconds_of_moment(value)) if isinstance(value, date) else self._other()

    def _each(self, values: Sequence[Any]) -> States:
        types = list(map(type, values))
        different = dict.fromkeys(types)
        if len(different) > MAX_TYPES:
            return self._one_by_one(values)
        if len(different) == 1:
            return self._each_alike(types[0], values)
        states = np.empty(len(values), dtype=np.uint8)
        for kind in different:
            # In C: neither comparison nor selection is a loop of the interpreter.
            are_it = np.fromiter(map(partial(is_, kind), types), np.bool_, len(types))
            states[are_it] = self._each_alike(kind, list(compress(values, are_it.tolist())))
        return states

    def _each_alike(self, kind: type, values: Sequence[Any]) -> States:
        if kind in PLAIN_NUMBERS:
            try:
                return self._each_number(np.array(values, dtype=np.float64))
            except OverflowError:
                return self._one_by_one(values)
        if kind is str:
            return self._each_text(values)
        if issubclass(kind, datetime) and kind.__name__ not in MISSING_OF_PANDAS:
            return self._each_moment(seconds_of_moments(values))
        return np.full(len(values), MISSING, dtype=np.uint8) if kind is type(None) else self._one_by_one(values)

    def _one_by_one(self, values: Sequence[Any]) -> States:
        return np.fromiter(map(self.value, values), np.uint8, len(values))
