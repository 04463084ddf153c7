"""What can be configured of segments: by what a model's predictions are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from otel_mlmon.config.checks import Scalar
from otel_mlmon.config.fixed_mapping import FixedMapping
from otel_mlmon.config.nearest import nearest
from otel_mlmon.config.validating import Bounds, MisplacedError, ascending, dotted, not_empty

MAX_KEYS = 16
"""Segment keys a model; they stand in code or in configuration, so more can only be a mistake."""


def _edges(instance: object, attribute: object, value: Mapping[str | int, tuple[float, ...]]) -> None:
    for key, edges in value.items():
        with MisplacedError.below(str(key)):
            ascending(instance, attribute, edges)


def _lists(instance: object, attribute: object, value: Mapping[str | int, tuple[Scalar, ...]]) -> None:
    for key, listed in value.items():
        with MisplacedError.below(str(key)):
            not_empty(instance, attribute, listed)
            if {bool, str} <= set(map(type, listed)):
                # Norway's NO is false in YAML.
                message = "has text and truth values: a word such as no, on or yes needs quotes to be text"
                raise ValueError(message)


def _nearest(key: str, known: Sequence[str]) -> str:
    hint = nearest(key, known)
    is_found = hint.endswith("?")
    return hint if is_found else f"{hint}; those that code sets by otel_mlmon.segment stand in segments.code"


@frozen
class Segments:
    """By what a model's predictions are cut; the first key is the most important one.

    Attributes
    ----------
    columns
        Names, or indices from 0, of input columns.
    bins
        Edges that numeric input columns are cut at.
    call
        The place of a function that returns more segments of inputs.
    baggage
        Keys of W3C baggage that become segments of the whole call.
    code
        Keys that code sets by :class:`otel_mlmon.segment`: they need to be said only to be listed, bounded or ordered.
    values
        Of a key, the values that are kept; all others are ``other``.
    max_values
        Different values of a key that has no list and no bins.
    """

    columns: tuple[str | int, ...] = ()
    bins: FixedMapping[str | int, tuple[float, ...]] = field(
        default=FixedMapping(), converter=FixedMapping, validator=_edges
    )
    call: str | None = field(default=None, validator=dotted)
    baggage: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    values: FixedMapping[str | int, tuple[Scalar, ...]] = field(
        default=FixedMapping(), converter=FixedMapping, validator=_lists
    )
    max_values: int = field(default=20, validator=Bounds(least=1))

    def __attrs_post_init__(self) -> None:
        keys = (*self.row_keys, *self.call_wide_keys)
        if len(keys) > MAX_KEYS:
            message = f"has {len(keys)} keys, and a model's predictions are cut by {MAX_KEYS} at most"
            raise ValueError(message)
        for key in () if self.call is not None else self.values:
            if str(key) not in keys:
                message = f"'{key}' is no segment key{_nearest(str(key), keys)}"
                raise MisplacedError(message, ("values", str(key)))
        for key in self.bins:
            if key in self.values:
                message = f"'{key}' has bins: its values are those"
                raise MisplacedError(message, ("values", str(key)))

    @property
    def cut_columns(self) -> tuple[str | int, ...]:
        """The input columns, those that are only cut at edges last."""
        return (*self.columns, *(key for key in self.bins if key not in self.columns))

    @property
    def row_keys(self) -> tuple[str, ...]:
        """Keys that each row has a value of; those that a function answers with are known only if they have a list."""
        read = tuple(dict.fromkeys(map(str, self.cut_columns)))
        if self.call is None:
            return read
        told = (str(key) for key in self.values if str(key) not in (*self.baggage, *self.code, *read))
        return (*read, *told)

    @property
    def call_wide_keys(self) -> tuple[str, ...]:
        """Keys that a whole call may have a value of."""
        return tuple(dict.fromkeys(key for key in (*self.baggage, *self.code) if key not in self.row_keys))

    def edges(self) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Return the keys that are cut at edges, and these."""
        return ((str(key), edges) for key, edges in self.bins.items())

    def listed(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Return the keys whose values are listed, and these."""
        return ((str(key), listed) for key, listed in self.values.items())
