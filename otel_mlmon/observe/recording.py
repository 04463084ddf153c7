"""Columns of numbers and classes to recorders, group by group, with a fixed number of passes over the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from otel_mlmon.emit.batch import GroupedValues, GroupOfValues
from otel_mlmon.emit.recorder import Recorder
from otel_mlmon.observe.arrays import Floats
from otel_mlmon.observe.grouping import Partition
from otel_mlmon.observe.recorders import RowRecorders
from otel_mlmon.observe.rows import ClassColumn, Rows


def record_rows(rows: Rows, parts: Partition[RowRecorders]) -> None:
    """Record all that an answer says about its rows, each in its group."""
    for column in rows.values:
        recorders = [member.value(column.name, column.layout) for member in parts.members]
        (record_with_gaps if column.has_gaps else record_each)(column.numbers, parts, recorders)
    for column in rows.confidence:
        record_each(column.numbers, parts, [member.confidence(column.name) for member in parts.members])
    if rows.results is not None:
        record_each(rows.results, parts, [member.results() for member in parts.members])
    for classes in rows.classes:
        _record_classes(classes, parts)


def record_numbers(numbers: Floats, recorder: Recorder) -> None:
    """Record numbers, shape (values,), that belong to one data point."""
    finite = np.isfinite(numbers)
    if not finite.all():
        _reject(numbers[~finite], recorder)
        numbers = numbers[finite]
    if len(numbers):
        recorder.record_group(GroupOfValues.whole(np.ascontiguousarray(numbers)))


def record_each(numbers: Floats, parts: Partition[Any], recorders: Sequence[Recorder]) -> None:
    """Record the numbers of each group, shape (rows,) or (rows, numbers), with the recorder of that group."""
    numbers = np.ascontiguousarray(parts.sort(numbers))
    width = numbers.size // len(numbers)
    ends = np.cumsum(parts.sizes) * width
    starts = ends - parts.sizes * width
    numbers = numbers.reshape(-1)
    if np.isfinite(numbers).all():
        grouped = GroupedValues(numbers, starts)
        for index, recorder in enumerate(recorders):
            recorder.record_group(GroupOfValues(grouped, index))
    else:
        for start, end, recorder in zip(starts.tolist(), ends.tolist(), recorders, strict=True):
            record_numbers(numbers[start:end], recorder)


def record_with_gaps(numbers: Floats, parts: Partition[Any], recorders: Sequence[Recorder]) -> None:
    """Record the numbers of each group, shape (rows,), as :func:`record_each` does, but for rows that have NaN."""
    groups = np.split(parts.sort(numbers), np.cumsum(parts.sizes)[:-1])
    for group, recorder in zip(groups, recorders, strict=True):
        record_numbers(group[~np.isnan(group)], recorder)


def _reject(numbers: Floats, recorder: Recorder) -> None:
    nan = int(np.isnan(numbers).sum())
    recorder.reject(nan, len(numbers) - nan)


def _record_classes(classes: ClassColumn, parts: Partition[RowRecorders]) -> None:
    texts = classes.factors.texts
    groups = np.split(parts.sort(classes.factors.codes), np.cumsum(parts.sizes)[:-1])
    for member, codes in zip(parts.members, groups, strict=True):
        for code, count in enumerate(np.bincount(codes).tolist()):
            if count:
                member.predicted(classes.name, texts[code]).record(count)
