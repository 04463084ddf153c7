"""A YAML document that knows at which line and column each of its values stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from attrs import field, frozen

Path = tuple[str | int, ...]
"""Keys and indices from the root to a value."""


@frozen
class Position:
    """Where something stands: both counted from 1."""

    line: int
    column: int

    @classmethod
    def of(cls, mark: yaml.Mark | None) -> Position:
        """Convert PyYAML's mark, which counts from 0."""
        return cls(1, 1) if mark is None else cls(mark.line + 1, mark.column + 1)


@frozen
class Document:
    """The values of a YAML document, the positions of its keys and items, and keys that stand twice."""

    value: Any
    positions: dict[Path, Position] = field(factory=dict)
    repeated: tuple[Path, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Document:
        """Read ``text``.

        Raises
        ------
        yaml.YAMLError
            The text is no YAML, or needs a type beyond YAML's own.
        """
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return cls(value=None)
            found = list(_walk(node, ()))
            positions: dict[Path, Position] = {}
            repeated = []
            for path, mark in found:
                if path in positions:
                    repeated.append(path)
                positions[path] = Position.of(mark)
            return cls(loader.construct_document(node), positions, tuple(repeated))
        finally:
            loader.dispose()

    def position(self, path: Path) -> Position:
        """Return where ``path`` stands, or the nearest parent that does."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, Position(1, 1))

    def without(self, path: Path) -> Document:
        """Return the document less the value at ``path``, or less its parents where there is no such value."""
        if not path:
            return Document(None, self.positions)
        return Document(_removed(self.value, path), self.positions)


def _walk(node: yaml.Node, path: Path) -> Iterator[tuple[Path, yaml.Mark | None]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key.start_mark
            yield from _walk(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            below = (*path, index)
            yield below, item.start_mark
            yield from _walk(item, below)


def _removed(value: Any, path: Path) -> Any:
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        if rest and head in value:
            return {**value, head: _removed(value[head], rest)}
        return {key: item for key, item in value.items() if str(key) != head}
    if isinstance(value, list) and isinstance(head, int):
        if rest:
            return [_removed(item, rest) if index == head else item for index, item in enumerate(value)]
        # An empty rule keeps the indices of the others, so that their positions stay right.
        return [None if index == head else item for index, item in enumerate(value)]
    return None
