"""Thresholds into a ``mlmon.yaml`` that people wrote: nothing else in it changes, not even a blank.

The text is cut where the parser says that a value begins or ends: a library that writes YAML lays all of it out anew.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

import yaml
from attrs import frozen

from otel_mlmon.config.document import Document, DocumentError, Position
from otel_mlmon.config.load import structure

KEY: Final = "alerts"
INDENT: Final = 2

Number = float | int


def with_alerts(text: str, model: int, thresholds: Mapping[str, Number]) -> str:
    r"""Return a configuration in which a model's ``alerts`` have these values; those that are there are replaced.

    Parameters
    ----------
    text
        Of the file, with the ends of lines that it has: write it with ``newline=""``.
    model
        Place among the models that hold, as in ``Configuration.models``.
    thresholds
        By the name of a key of :class:`~otel_mlmon.config.alerts.Alerts`.

    Raises
    ------
    DocumentError
        There is no such model, its alerts are shared with others by an alias, or the result would not be right.
    """
    edited = text
    for key, value in thresholds.items():
        edited = _with_threshold(edited, model, key, _written(value))
    document = Document.parse(edited)
    problem = next(iter(structure("", document).problems), None)
    if problem is not None:
        raise DocumentError(problem.position or Position(1, 1), problem.message)
    if document.value != _expected(text, model, thresholds):
        message = f"models[{model}] shares its values with others (&, *, <<): write its own '{KEY}' there first"
        raise DocumentError(document.position(("models", model)), message)
    return edited


def _expected(text: str, model: int, thresholds: Mapping[str, Number]) -> Any:
    value = copy.deepcopy(Document.parse(text).value)
    rule = [rule for rule in value["models"] if rule is not None][model]
    rule[KEY] = {**(rule.get(KEY) or {}), **thresholds}
    return value


def _with_threshold(text: str, model: int, key: str, value: str) -> str:
    rule = _rule(text, model)
    alerts = _below(rule, KEY)
    if alerts is None:
        return _added(text, rule, KEY, _Nested(key, value))
    if _is_empty(alerts):
        return _replaced(text, alerts, f"{{{key}: {value}}}")
    current = _below(_mapping(alerts, f"models[{model}].{KEY}"), key)
    if current is None:
        return _added(text, _mapping(alerts, f"models[{model}].{KEY}"), key, value)
    if isinstance(current, _Alias):
        raise _shared(current, f"models[{model}].{KEY}.{key}")
    return _replaced(text, current, value)


@frozen
class _Nested:
    """A mapping of one key, which is to be written as what is around it is."""

    key: str
    value: str


class _Alias(yaml.ScalarNode):
    """Stands where an alias does, and not where what it means does."""


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: Any, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event() if self.check_event(yaml.AliasEvent) else None  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        return node if event is None else _Alias("", "", event.start_mark, event.end_mark)


def _rule(text: str, model: int) -> yaml.MappingNode:
    Document.parse(text)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    finally:
        loader.dispose()
    models = _below(root, "models")
    items = models.value if isinstance(models, yaml.SequenceNode) else []
    rules = [item for item in items if not _is_empty(item)]
    if model >= len(rules):
        message = f"there is no models[{model}]: the file has {len(rules)}"
        raise DocumentError(Position(1, 1), message)
    return _mapping(rules[model], f"models[{model}]")


def _below(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs: list[tuple[yaml.Node, yaml.Node]] = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _is_empty(node: yaml.Node) -> bool:
    return node.tag == "tag:yaml.org,2002:null"


def _mapping(node: yaml.Node, name: str) -> yaml.MappingNode:
    if isinstance(node, _Alias):
        raise _shared(node, name)
    if not isinstance(node, yaml.MappingNode):
        message = f"{name} should be a mapping"
        raise DocumentError(Position.of(node.start_mark), message)
    return node


def _shared(node: _Alias, name: str) -> DocumentError:
    message = f"{name} is what another place says (*): write its own values there first"
    return DocumentError(Position.of(node.start_mark), message)


def _replaced(text: str, node: yaml.Node, value: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    blank = "" if text[start - 1 : start].isspace() else " "
    return f"{text[:start]}{blank}{value}{text[end:]}"


def _added(text: str, mapping: yaml.MappingNode, key: str, value: str | _Nested) -> str:
    """Write a key after the last one of a mapping, in the mapping's own style."""
    if mapping.flow_style:
        in_braces = f"{{{value.key}: {value.value}}}" if isinstance(value, _Nested) else value
        separator, end = (", ", _end(mapping.value[-1][1])) if mapping.value else ("", _end(mapping) - 1)
        return f"{text[:end]}{separator}{key}: {in_braces}{text[end:]}"
    indent: str = " " * mapping.value[0][0].start_mark.column
    deeper = indent + " " * INDENT
    lines = [f"{key}:", f"{deeper}{value.key}: {value.value}"] if isinstance(value, _Nested) else [f"{key}: {value}"]
    newline = "\r\n" if "\r\n" in text else "\n"
    before, after = _cut_after_line(text, _end(mapping), newline)
    return before + indent + newline.join(lines) + newline + after


def _end(node: yaml.Node) -> int:
    """Return where what is written of a node ends: the parser adds the blanks and comments after it to a block."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(node, yaml.MappingNode) else last)
    return int(node.end_mark.index)


def _cut_after_line(text: str, end: int, newline: str) -> tuple[str, str]:
    if text[end - 1 : end] == "\n":
        # A text of several lines ends with its last line.
        return text[:end], text[end:]
    line_end = text.find("\n", end)
    return (text + newline, "") if line_end < 0 else (text[: line_end + 1], text[line_end + 1 :])


def _written(value: Number) -> str:
    # YAML 1.1 takes 1e-05 for a text.
    return str(yaml.safe_dump(value if isinstance(value, int) else float(value))).partition("\n")[0]
