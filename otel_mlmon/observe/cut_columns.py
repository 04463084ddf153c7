"""Columns of a model's inputs as segments."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

from otel_mlmon.config.segments import Segments
from otel_mlmon.observe.arrays import to_array
from otel_mlmon.observe.bins import Bins
from otel_mlmon.observe.factorize import Factors, factorize
from otel_mlmon.observe.grouping import column_of
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.segments import ListedValues


@frozen(eq=False)
class CutColumn:
    """A column, and how its values become those of a segment key.

    Attributes
    ----------
    key
        Name, or index from 0.
    name
        Of the segment.
    bins
        That its numbers are cut into; None: its values are taken as they are.
    listed
        The values that are kept; None: as many as there may be.
    """

    key: str | int
    name: str
    bins: Bins | None
    listed: ListedValues | None

    def of_one(self, inputs: Any) -> str | None:
        """Return the value of inputs of one row; None where they have no such column, or one of another length."""
        value = column_of(inputs, self.key)
        if type(value) not in PLAIN:
            column = to_array(value)
            if column is None or column.shape != (1,):
                return None
            value = column[0]
        if self.bins is not None:
            return self.bins.of_one(value)
        return label_text(value) if self.listed is None else self.listed.admit(label_text(value))

    def of_rows(self, inputs: Any, count: int) -> Factors | None:
        """Return the value of each row; None where the inputs have no such column, or one of another length."""
        column = column_of(inputs, self.key)
        if isinstance(column, (*PLAIN, np.generic)):
            # One value for the whole call is that of each row.
            text = self.of_one({self.key: column})
            return None if text is None else same(text, count)
        found = factorize(column) if self.bins is None else self.bins.of_rows(column)
        if found is None or len(found.codes) != count:
            return None
        return found if self.listed is None else listed_only(found, self.listed)


PLAIN = (str, int, float, bool)


def cut_columns(segments: Segments) -> tuple[CutColumn, ...]:
    """Return the columns that are configured, most important first."""
    bins, listed = dict(segments.edges()), dict(segments.listed())
    return tuple(
        CutColumn(
            key,
            str(key),
            Bins(bins[str(key)]) if str(key) in bins else None,
            ListedValues(listed[str(key)]) if str(key) in listed else None,
        )
        for key in segments.cut_columns
    )


def same(text: str, count: int) -> Factors:
    """Return a column in which each row has the same value."""
    return Factors(np.zeros(count, dtype=np.intp), (text,))


def listed_only(factors: Factors, listed: ListedValues) -> Factors:
    """Return a column in which all values that are not listed are one: there may be as many as there are rows."""
    places: dict[str, int] = {}
    codes = np.array([places.setdefault(listed.admit(text), len(places)) for text in factors.texts], dtype=np.intp)
    return Factors(codes[factors.codes], tuple(places))
