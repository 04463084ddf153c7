"""Segments that a service's own function tells of a model's inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from otel_mlmon import safety, semconv
from otel_mlmon.config.segments import MAX_KEYS, Segments
from otel_mlmon.observe.cut_columns import listed_only, same
from otel_mlmon.observe.dotted import function_at
from otel_mlmon.observe.factorize import Factors, factorize
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.segments import ListedValues

STAGE = "segments"


class ToldSegments:
    """Asks a function once a call; what it does not tell is ``missing``.

    Parameters
    ----------
    segments
        Names the function's place, and those of its keys that have a list of values.
    columns
        Keys that columns of the inputs have already.
    """

    def __init__(self, segments: Segments, columns: tuple[str, ...]) -> None:
        self._taken = columns
        self._keys = [key for key in segments.row_keys if key not in columns]
        self._listed = {key: ListedValues(values) for key, values in segments.listed() if key in self._keys}
        self._function: Callable[[Any], Any] | None = None
        self._error: Exception | None = None
        try:
            self._function = function_at(segments.call or "")
        except Exception as error:  # noqa: BLE001  (the service's own module)
            self._error = error

    def of_rows(self, inputs: Any, count: int) -> list[tuple[str, Factors]]:
        """Return a value a row of each key that has been told so far."""
        told = self._ask(inputs)
        for key in told:
            if key not in self._keys and key not in self._taken and len(self._keys) < MAX_KEYS:
                self._keys.append(key)
        return [(key, self._read(key, told, count)) for key in list(self._keys)]

    def _ask(self, inputs: Any) -> Mapping[str, Any]:
        try:
            if self._function is None:
                raise self._error or LookupError
            told = self._function(inputs)
            if not isinstance(told, Mapping):
                message = f"a function of segments should return a dict, and returned {told!r:.100}"
                raise TypeError(message)
            return {str(key): value for key, value in told.items()}
        except Exception as error:  # noqa: BLE001  (the service's own code)
            safety.report(STAGE, error)
            return {}

    def _read(self, key: str, told: Mapping[str, Any], count: int) -> Factors:
        try:
            found = same(semconv.MISSING, count) if key not in told else _factors(key, told[key], count)
            return listed_only(found, self._listed[key]) if key in self._listed else found
        except Exception as error:  # noqa: BLE001  (the service's own values)
            safety.report(STAGE, error)
            return same(semconv.MISSING, count)


def _factors(key: str, value: Any, count: int) -> Factors:
    if isinstance(value, (str, bytes)) or not _is_many(value):
        return same(label_text(value), count)
    found = None if isinstance(value, (Mapping, set, frozenset)) else factorize(value)
    if found is None or len(found.codes) != count:
        message = f"a function of segments should tell one value, or one of {count} rows, of '{key}'"
        raise TypeError(message)
    return found


def _is_many(value: Any) -> bool:
    kind = type(value)
    return getattr(value, "ndim", 1) > 0 and any(hasattr(kind, mark) for mark in ("__len__", "__next__"))
