"""Which segments and classes a model's metrics have so far."""

from __future__ import annotations

from otel_mlmon.config.schema import Limits
from otel_mlmon.config.segments import MAX_KEYS, Segments
from otel_mlmon.observe.bins import Bins
from otel_mlmon.observe.segments import BoundedValues, FirstCome, ListedValues, SegmentTable, Values

MAX_ERROR_TYPES = 10
"""Classes of exceptions, and status codes, a model: they stand in code, so more can only be a mistake."""


class ModelSegments:
    """The values, combinations and classes of one model, shared by its operations."""

    def __init__(self, segments: Segments, limits: Limits) -> None:
        self._max_values = segments.max_values
        self._keys = FirstCome(MAX_KEYS)
        self._values: dict[str, Values] = {}
        for key in (*segments.row_keys, *segments.call_wide_keys):
            self._values_of(key)
        self._values.update((key, ListedValues(Bins(edges).texts)) for key, edges in segments.edges())
        self._values.update((key, ListedValues(listed)) for key, listed in segments.listed())
        self.classes = BoundedValues(limits.classes)
        self.error_types = BoundedValues(MAX_ERROR_TYPES)
        self.of_calls = SegmentTable(self._values_of, segments.call_wide_keys, limits.combinations)
        self.of_rows = SegmentTable(
            self._values_of, (*segments.row_keys, *segments.call_wide_keys), limits.combinations
        )

    def _values_of(self, key: str) -> Values | None:
        known = self._values.get(key)
        if known is None and self._keys.admits(key):
            known = self._values.setdefault(key, BoundedValues(self._max_values))
        return known
