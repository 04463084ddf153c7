"""The baseline of predictions that stand in the data already: counted by the engine, over all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from otel_mlmon import semconv
from otel_mlmon.cli.failure import Failure
from otel_mlmon.cli.init.gathering import Counting, Measuring
from otel_mlmon.cli.init.profile import MIN_ROWS, SegmentValues
from otel_mlmon.cli.init.table import Table, literal, number_of, quoted_name
from otel_mlmon.config.baseline import Baseline, Counts
from otel_mlmon.config.schema import Output
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.rows import score_layout
from otel_mlmon.observe.segments import Pairs

NO_VALUE, RARE = -1, 0
"""In place of the place of a value among the frequent ones."""


def recorded_baseline(
    table: Table, column: str, segments: Sequence[SegmentValues], output: Output, *, model: str, max_classes: int
) -> Baseline:
    """Return the baseline of a column of predictions.

    Parameters
    ----------
    table
        Which has it.
    column
        Of predictions.
    segments
        By which the predictions are cut.
    output
        How they are read in production.
    model
        Its name.
    max_classes
        The most frequent ones have a name.

    Raises
    ------
    Failure
        There is no prediction in it.
    """
    layout = score_layout(output)
    baseline = (
        _of_classes(table, column, segments, model, max_classes)
        if layout is None
        else _of_numbers(table, column, segments, model, layout.boundaries)
    )
    if not baseline.rows:
        message = f"'{column}' of {table.name} holds no prediction"
        raise Failure(message)
    return baseline


def bucket_of(number: str, boundaries: Sequence[float]) -> str:
    """Return SQL for the bucket of a number: how many boundaries are less than it."""
    cases = " ".join(f"WHEN {number} <= {literal(bound)} THEN {place}" for place, bound in enumerate(boundaries))
    return f"CASE {cases} ELSE {len(boundaries)} END"


def _of_numbers(
    table: Table, column: str, segments: Sequence[SegmentValues], model: str, boundaries: tuple[float, ...]
) -> Baseline:
    number = number_of(column)
    measuring = Measuring(boundaries)
    rows = 0
    counted = _count(table, segments, what=bucket_of(number, boundaries), number=number, where=f"{number} IS NOT NULL")
    for of_segment, bucket, count, total in counted:
        counts = Counts(total, tuple(count if place == bucket else 0 for place in range(len(boundaries) + 1)))
        if of_segment:
            measuring.add_to(of_segment, counts)
        else:
            measuring.add(counts)
            rows += count
    return Baseline(model, None, table.name, rows, values=(measuring.done(None),))


def _of_classes(table: Table, column: str, segments: Sequence[SegmentValues], model: str, max_classes: int) -> Baseline:
    counting = Counting()
    for of_segment, label, count, _ in _count(table, segments, what=quoted_name(column), number="0.0", where="TRUE"):
        if of_segment:
            counting.add_to(of_segment, label_text(label), count)
        else:
            counting.add(label_text(label), count)
    tally = counting.done(None, max_classes, MIN_ROWS)
    return Baseline(model, None, table.name, sum(tally.total.values()), classes=(tally,))


def _count(
    table: Table, segments: Sequence[SegmentValues], *, what: str, number: str, where: str
) -> Iterator[tuple[Pairs, Any, int, float]]:
    """Yield the rows of each kind, and the sum of their numbers: in no segment, and in each value of each key."""
    keys = [f"s{index}" for index in range(len(segments))]
    places = "".join(f", {_place(values)} AS {key}" for values, key in zip(segments, keys, strict=True))
    sets = ", ".join(["(w)", *(f"(w, {key})" for key in keys)])
    found = table.query(
        f"WITH part AS (SELECT {what} AS w, {number} AS n{places} FROM data WHERE {where}) "  # noqa: S608  (quoted)
        f"SELECT w, count(*), sum(n){''.join(f', {key}' for key in keys)} FROM part GROUP BY GROUPING SETS ({sets})",
        [[value for value, _ in values.raw] for values in segments],
    )
    for kind, count, total, *codes in found:
        # In the sets that do not have it, a key is NULL.
        pairs = ((values, code) for values, code in zip(segments, codes, strict=True) if code is not None)
        yield tuple((values.column, _text(values, code)) for values, code in pairs), kind, count, total


def _place(values: SegmentValues) -> str:
    """Return SQL for the place of a row's value among the frequent ones, from 1."""
    name = quoted_name(values.column)
    return f"CASE WHEN {name} IS NULL THEN {NO_VALUE} ELSE coalesce(list_position(?, {name}), {RARE}) END"


def _text(values: SegmentValues, place: int) -> str:
    if place == NO_VALUE:
        return semconv.MISSING if semconv.MISSING in values.rows else semconv.OTHER
    return semconv.OTHER if place == RARE else values.raw[place - 1][1]
