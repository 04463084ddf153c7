"""Recorders: one data point's worth of values, bound to its instrument and attributes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from opentelemetry.context import Context

from otel_mlmon import semconv
from otel_mlmon.emit import sdk
from otel_mlmon.emit.batch import GroupOfValues
from otel_mlmon.emit.flushing import Flushing

OnDropped = Callable[[str, int], None]
"""``on_dropped(reason, count)`` hears of every value that cannot be recorded."""

SMALL_GROUP = 32
"""Up to so many values, a loop in Python costs less than numpy's fixed price."""

BUFFER_SIZE = 512
"""Values that a recorder holds back before it hands them on inline."""


class Recorder(Protocol):
    """Takes values of one instrument and one set of attributes."""

    def record(self, value: float) -> None:
        """Take one value."""

    def record_group(self, group: GroupOfValues) -> None:
        """Take a group of finite values; no array of it is kept."""

    def reject(self, nan: int, infinite: int) -> None:
        """Count values that were no finite numbers."""

    def record_exemplar(self, value: float, context: Context) -> None:
        """Take one value that should be linked to the trace of ``context``."""


class BufferedRecorder:
    """Holds single values back and merges them into the SDK's aggregations in bulk.

    ``list.append``, a slice and ``del`` of a slice at the front are each atomic: appending threads need no lock, and
    what is appended between the last two stays for the next flush.
    """

    __slots__ = ("_attributes", "_buffer", "_flushing", "_on_dropped", "_point", "_record_public")

    def __init__(
        self,
        instrument: Any,
        record_public: Callable[..., None],
        attributes: Mapping[str, str],
        flushing: Flushing,
        on_dropped: OnDropped,
    ) -> None:
        self._point = sdk.DataPoint(instrument, attributes)
        self._record_public = record_public
        self._attributes = attributes
        self._flushing = flushing
        self._on_dropped = on_dropped
        self._buffer: list[float] = []

    def record(self, value: float) -> None:
        """Take one value."""
        self._buffer.append(value)
        if len(self._buffer) >= BUFFER_SIZE:
            self._flushing.run_if_free(self.flush)

    def record_group(self, group: GroupOfValues) -> None:
        """Take a group of finite values; no array of it is kept."""
        values = group.values()
        if len(values) <= SMALL_GROUP:
            for value in values.tolist():
                self.record(value)
        else:
            self._point.merge_group(group)

    def reject(self, nan: int, infinite: int) -> None:
        """Count values that were no finite numbers."""
        _report_dropped(self._on_dropped, nan, infinite)

    def record_exemplar(self, value: float, context: Context) -> None:
        """Take one value that should be linked to the trace of ``context``."""
        if value >= 0 and math.isfinite(value):
            self._record_public(value, self._attributes, context)
        else:
            self.record(value)

    def flush(self, matches: sdk.Matches | None = None) -> None:
        """Hand on what is held back; to be run by :class:`Flushing`."""
        count = len(self._buffer)
        if not count:
            return
        values = self._buffer[:count]
        del self._buffer[:count]
        finite = values if all(map(math.isfinite, values)) else [value for value in values if math.isfinite(value)]
        if len(finite) < len(values):
            nan = sum(map(math.isnan, values))
            self.reject(nan, len(values) - len(finite) - nan)
        self._point.merge(finite, matches)

    def start_anew(self) -> None:
        """Throw away what is held back: in a forked child it is the parent's."""
        self._buffer.clear()


class PublicRecorder:
    """Calls the public function a value: for providers whose storages are not the SDK's as we know it."""

    __slots__ = ("_attributes", "_on_dropped", "_record_public")

    def __init__(
        self,
        record_public: Callable[..., None],
        attributes: Mapping[str, str],
        on_dropped: OnDropped,
    ) -> None:
        self._record_public = record_public
        self._attributes = attributes
        self._on_dropped = on_dropped

    def record(self, value: float) -> None:
        """Take one value."""
        self.record_exemplar(value, None)

    def record_group(self, group: GroupOfValues) -> None:
        """Take a group of finite values; no array of it is kept."""
        for value in group.values().tolist():
            self.record(value)

    def reject(self, nan: int, infinite: int) -> None:
        """Count values that were no finite numbers."""
        _report_dropped(self._on_dropped, nan, infinite)

    def record_exemplar(self, value: float, context: Context | None) -> None:
        """Take one value that should be linked to the trace of ``context``."""
        if math.isfinite(value) and value >= 0:
            self._record_public(value, self._attributes, context)
        elif math.isfinite(value):
            self._on_dropped(semconv.DROPPED_NEGATIVE, 1)
        else:
            self.reject(int(math.isnan(value)), int(math.isinf(value)))


def _report_dropped(on_dropped: OnDropped, nan: int, infinite: int) -> None:
    if nan:
        on_dropped(semconv.DROPPED_NAN, nan)
    if infinite:
        on_dropped(semconv.DROPPED_INFINITE, infinite)
