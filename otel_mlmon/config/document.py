"""A YAML document that knows at which line and column each of its values stands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import yaml
from attrs import field, frozen

Path = tuple[str | int, ...]
"""Keys and indices from the root to a value."""

MAX_VALUES = 50_000
"""Of a document, an alias counted as all that it stands for: more can only be a mistake, or an attack."""

MAX_DEPTH = 50


class DocumentError(ValueError):
    """A document that is no YAML, or more than can be meant.

    Attributes
    ----------
    position
        Where.
    """

    def __init__(self, position: Position, message: str) -> None:
        super().__init__(message)
        self.position = position


@frozen
class Position:
    """Where something stands: both counted from 1."""

    line: int
    column: int

    @classmethod
    def of(cls, mark: yaml.Mark | None) -> Position:
        """Convert PyYAML's mark, which counts from 0."""
        return cls(1, 1) if mark is None else cls(mark.line + 1, mark.column + 1)

    @classmethod
    def at(cls, text: str, index: int) -> Position:
        """Return where a character of a text is."""
        return cls(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


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
        DocumentError
            The text is no YAML, needs a type beyond YAML's own, or holds too much.
        """
        try:
            return cls._parse(text)
        except yaml.reader.ReaderError as error:
            message = f"is no YAML: it holds the character {ord(text[error.position]):#x}"
            raise DocumentError(Position.at(text, error.position), message) from error
        except yaml.YAMLError as error:
            position = Position.of(getattr(error, "problem_mark", None))
            raise DocumentError(position, f"is no YAML: {_explained(error)}") from error
        except RecursionError as error:
            raise DocumentError(Position(1, 1), "is nested too deeply") from error

    @classmethod
    def _parse(cls, text: str) -> Document:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return cls(value=None)
            found = list(islice(_walk(node, ()), MAX_VALUES + 1))
            if len(found) > MAX_VALUES:
                message = f"holds more than {MAX_VALUES:,} values, each alias (*) counted as all that it stands for"
                raise DocumentError(Position.of(node.start_mark), message)
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


class _Loader(yaml.SafeLoader):
    """Takes keys as they are written: in YAML 1.1 the key ``off`` would be false."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:bool":
                key.tag = "tag:yaml.org,2002:str"
        return node


def _explained(error: yaml.YAMLError) -> str:
    problem = str(getattr(error, "problem", None) or error)
    where = " ".join(filter(None, [getattr(error, "context", None), problem]))
    if "'\\t'" in problem:
        return f"{problem}: indent with spaces, and not with tabs"
    if "scanning an alias" in where:
        return f"{where}: text that begins with * needs quotes, such as '*/delay-*'"
    if "cannot start any token" in problem:
        return f"{problem}: text that begins with it needs quotes"
    if problem == "mapping values are not allowed here":
        return f"{problem}: text with a colon in it needs quotes, and keys of one mapping stand in one column"
    return problem


def _walk(node: yaml.Node, path: Path) -> Iterator[tuple[Path, yaml.Mark | None]]:
    if len(path) > MAX_DEPTH:
        raise DocumentError(Position.of(node.start_mark), f"is nested more than {MAX_DEPTH} deep")
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
