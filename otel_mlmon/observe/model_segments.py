"""Which segments and classes a model's metrics have so far."""

from __future__ import annotations

from otel_mlmon.config.schema import Limits
from otel_mlmon.observe.segments import BoundedValues, SegmentTable

MAX_KEYS = 16
"""Segment keys a model; they stand in code or in configuration, so more can only be a mistake."""


class ModelSegments:
    """The values, combinations and classes of one model, shared by its operations."""

    def __init__(self, max_values: int, limits: Limits) -> None:
        self._max_values = max_values
        self._values: dict[str, BoundedValues] = {}
        self.classes = BoundedValues(limits.classes)
        self.of_calls = SegmentTable(self._values_of, limits.combinations)
        self.of_rows = SegmentTable(self._values_of, limits.combinations)

    def _values_of(self, key: str) -> BoundedValues | None:
        known = self._values.get(key)
        if known is None and len(self._values) < MAX_KEYS:
            known = self._values.setdefault(key, BoundedValues(self._max_values))
        return known
