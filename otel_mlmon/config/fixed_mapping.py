"""A mapping that never changes: part of a configuration, which is a key of other mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class FixedMapping(Mapping[Key, Value]):
    """Keys and values in the order in which they were given; lists among the values become tuples.

    Two are equal, and have the same hash, only in the same order: the first key may be the most important one.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[Key, Value] | Iterable[tuple[Key, Value]] = ()) -> None:
        self._items: dict[Key, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in dict(items).items()
        }

    def __getitem__(self, key: Key) -> Value:
        """Return a key's value."""
        return self._items[key]  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Key]:
        """Iterate over the keys."""
        return iter(self._items)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        """Compare keys, values and their order."""
        return isinstance(other, FixedMapping) and tuple(self._items.items()) == tuple(other._items.items())

    def __hash__(self) -> int:
        """Return the same for equal ones."""
        return hash(tuple(self._items.items()))

    def __repr__(self) -> str:
        """Return what a person reads."""
        return repr(self._items)
