"""``mlmon.yaml`` to :class:`Configuration`, with every problem named by line and nearest right key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path as FilePath
from types import UnionType
from typing import Any, Union, get_args, get_origin

import attrs
from attrs import Attribute, frozen
from cattrs import BaseValidationError, ClassValidationError, Converter, IterableValidationError
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, override

from otel_mlmon.config.alerts import Alerts, Objective
from otel_mlmon.config.checks import AgreesWith, Ambiguous, Changed, Check, Fallback, Monotone, RankOf, Rule
from otel_mlmon.config.document import Document, DocumentError, Path, Position
from otel_mlmon.config.fixed_mapping import FixedMapping
from otel_mlmon.config.inputs import Input
from otel_mlmon.config.nearest import nearest
from otel_mlmon.config.review import Review
from otel_mlmon.config.schema import Adapters, Configuration, Limits, Match, ModelRule, Output
from otel_mlmon.config.segments import Segments
from otel_mlmon.config.validating import MisplacedError

SCHEMA = (
    Match,
    Output,
    Segments,
    Ambiguous,
    RankOf,
    Changed,
    Monotone,
    AgreesWith,
    Fallback,
    Rule,
    Check,
    Review,
    Input,
    Objective,
    Alerts,
    ModelRule,
    Limits,
    Adapters,
    Configuration,
)
MAX_PROBLEMS = 100
MAX_BYTES = 2**20

MAX_SHOWN = 60
"""Characters of a wrong value that a message shows."""


@frozen
class Problem:
    """One thing that is wrong in the file, as a person reads it."""

    source: str
    """The file, or the environment variable."""
    position: Position | None
    message: str

    def __str__(self) -> str:
        if self.position is None:
            return f"{self.source} {self.message}"
        return f"{self.source}:{self.position.line}:{self.position.column}: {self.message}"


@frozen
class Loaded:
    """A configuration and what was wrong with its file; the wrong parts stand at their defaults."""

    configuration: Configuration
    problems: tuple[Problem, ...] = ()


def load(file: str) -> Loaded:
    """Read a configuration file; what is wrong in it is left out and named.

    Parameters
    ----------
    file
        Path of the YAML file, as the user wrote it.
    """
    try:
        document = Document.parse(read_text(file))
    except DocumentError as error:
        return Loaded(Configuration(), (Problem(file, error.position, str(error)),))
    return structure(file, document)


def read_text(file: str) -> str:
    """Return what stands in a file.

    Raises
    ------
    DocumentError
        It is not there, too large, or no text.
    """
    try:
        with FilePath(file).open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise DocumentError(Position(1, 1), f"cannot be read: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise DocumentError(Position(1, 1), f"is larger than {MAX_BYTES // 2**20} MiB: is it the right file?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        message = f"is no UTF-8, for it has the byte {data[error.start]:#x} here: save it as UTF-8"
        raise DocumentError(Position.at(before, len(before)), message) from error


def structure(file: str, document: Document) -> Loaded:
    """Turn a parsed document into a configuration, leaving out what is wrong, one problem after another."""
    problems = [
        Problem(file, document.position(path), f"key '{path[-1]}' stands twice in {_name(path[:-1])}")
        for path in document.repeated
    ]
    while len(problems) < MAX_PROBLEMS:
        found, configuration = _attempt(document)
        if configuration is not None:
            return Loaded(configuration, _in_order(problems))
        problems += [Problem(file, document.position(path), text) for path, text in found]
        for path, _ in found:
            for left_out in _to_leave_out(path):
                document = document.without(left_out)
    return Loaded(Configuration(), _in_order(problems))


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    def place(problem: Problem) -> tuple[int, int]:
        return (0, 0) if problem.position is None else (problem.position.line, problem.position.column)

    return tuple(sorted(problems, key=place))


def _attempt(document: Document) -> tuple[list[tuple[Path, str]], Configuration | None]:
    try:
        return [], _CONVERTER.structure(document.value, Configuration)
    except (BaseValidationError, TypeError, ValueError) as error:
        return list(_explain(error, ())), None


def _to_leave_out(path: Path) -> tuple[Path, ...]:
    """Return what to drop for a problem: a rule whose match is wrong would fit models it was not meant for."""
    if path[2:3] == ("match",):
        return (path[:2],)
    # A check that lacks its limit would be another one than was meant, and what names it would have a problem by that.
    if path[2:3] == ("checks",) and path[4:5] not in (("usual",), ("budget",)):
        return path[:4], (*path[:2], "alerts", "slo", "checks")
    # Bins that lack an edge would be others than those that were meant.
    return (path[:5] if path[2:4] == ("segments", "bins") else path,)


def _explain(error: BaseException, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(error, ClassValidationError):
        notes = error.group_exceptions()[0]
        for inner, note in notes:
            yield from _explain(inner, (*path, _key_of(error.cl, note.name)))
        for inner in error.group_exceptions()[1]:
            yield from _explain(inner, path)
    elif isinstance(error, IterableValidationError):
        for inner, item in error.group_exceptions()[0]:
            yield from _explain(inner, (*path, item.index))
        for inner in error.group_exceptions()[1]:
            yield from _explain(inner, path)
    elif isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(map(str, error.extra_fields)):
            yield (*path, key), f"unknown key '{key}' in {_name(path)}{_nearest(key, error.cl)}"
    else:
        path = (*path, *error.path) if isinstance(error, MisplacedError) else path
        yield path, f"wrong value for {_name(path)}: {error}"


class _UnfitError(ValueError):
    """A value of the wrong type."""


def _name(path: Path) -> str:
    if not path:
        return "the file"
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _nearest(key: str, schema: type[Any]) -> str:
    known = [_yaml_key(attribute) for attribute in attrs.fields(schema)]
    return nearest(key, known)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _yaml_key(attribute: Attribute[Any]) -> str:
    return str(attribute.metadata.get("key", attribute.name))


def _key_of(schema: type[Any], name: str) -> str:
    return next((_yaml_key(a) for a in attrs.fields(schema) if a.name == name), name)


def _scalar(value: Any, wanted: Any) -> Any:
    """Take a YAML scalar as it is: ``"20"`` is no number, and ``1`` is no text."""
    accepted = get_args(wanted) or (wanted,)
    if type(value) in accepted or (float in accepted and type(value) is int):
        return value
    names = " or ".join(_PLAIN_NAMES[kind] for kind in accepted if kind in _PLAIN_NAMES)
    message = f"{_shown(value)} should be {names}{_mend(value, accepted)}"
    raise _UnfitError(message)


def _mend(value: Any, accepted: tuple[Any, ...]) -> str:
    if str in accepted and type(value) in (int, float, bool):
        # YAML 1.1 reads yes, no, on and off, too, as truth values.
        return ": put it into quotes"
    share = value.removesuffix("%").strip() if isinstance(value, str) else ""
    if float in accepted and share != value and share.replace(".", "", 1).isdecimal():
        return f": {float(share) / 100:g} is {value}"
    return ""


_PLAIN_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _choice(value: Any, wanted: type[Enum]) -> Enum:
    # YAML 1.1 reads the bare word off as false.
    word = "off" if value is False else value
    for member in wanted:
        if member.value == word:
            return member
    known = [str(member.value) for member in wanted]
    close = difflib.get_close_matches(str(word), known, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    message = f"{_shown(value)} should be one of {', '.join(known)}{hint}"
    raise _UnfitError(message)


def _new_converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind in (str, int, float, bool):
        converter.register_structure_hook(kind, _scalar)
    converter.register_structure_hook(Enum, _choice)
    converter.register_structure_hook_func(_is_union_of_scalars, _union)
    converter.register_structure_hook_func(lambda kind: getattr(kind, "__origin__", None) is tuple, _listing(converter))
    converter.register_structure_hook_func(_is_fixed_mapping, _fixed_mapping(converter))
    for schema in SCHEMA:
        converter.register_structure_hook(schema, _mapping(converter, schema))
    return converter


def _is_union_of_scalars(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType) and all(
        part in (*_PLAIN_NAMES, type(None)) for part in get_args(kind)
    )


def _union(value: Any, wanted: Any) -> Any:
    return value if value is None and type(None) in get_args(wanted) else _scalar(value, wanted)


def _listing(converter: Converter) -> Any:
    def list_of(value: Any, wanted: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            hint = f": [{value}]" if isinstance(value, (str, int, float)) else ""
            hint = ": begin each item with '- '" if isinstance(value, dict) else hint
            message = f"{_shown(value)} should be a list{hint}"
            raise _UnfitError(message)
        kind: Any = get_args(wanted)[0] | None
        items = converter.structure(value, list[kind])
        return tuple(item for item in items if item is not None)

    return list_of


def _is_fixed_mapping(kind: Any) -> bool:
    return get_origin(kind) is FixedMapping


def _fixed_mapping(converter: Converter) -> Any:
    def mapping_of(value: Any, wanted: Any) -> FixedMapping[Any, Any]:
        if value is None:
            return FixedMapping()
        if not isinstance(value, dict):
            message = f"{_shown(value)} should be a mapping of keys to lists"
            raise _UnfitError(message)
        keys, values = get_args(wanted)
        kind: Any = dict[keys, values]  # type: ignore[valid-type]
        return FixedMapping(converter.structure(value, kind))

    return mapping_of


def _mapping(converter: Converter, schema: type[Any]) -> Any:
    attributes: Any = {attribute.name: _override(converter, attribute) for attribute in attrs.fields(schema)}
    from_dict = make_dict_structure_fn(schema, converter, _cattrs_forbid_extra_keys=True, **attributes)

    def mapping(value: Any, wanted: type[Any]) -> Any:
        if value is None:
            return schema()
        if not isinstance(value, dict):
            known = ", ".join(map(_yaml_key, attrs.fields(schema)))
            message = f"{_shown(value)} should be a mapping with some of the keys {known}"
            raise _UnfitError(message)
        return from_dict(value, wanted)

    return mapping


def _override(converter: Converter, attribute: Attribute[Any]) -> Any:
    key = attribute.metadata.get("key")
    if attribute.validator is None:
        return override(rename=key)

    def validated(value: Any, wanted: Any) -> Any:
        # Here, and not only as the object is made, so that the message has the position of this very key.
        structured = converter.structure(value, wanted)
        try:
            attribute.validator(None, attribute, structured)  # type: ignore[misc]
        except MisplacedError as error:
            raise MisplacedError(str(error), _path_in_file(error.path, value)) from error
        return structured

    return override(rename=key, struct_hook=validated)


def _path_in_file(path: tuple[str | int, ...], value: Any) -> tuple[str | int, ...]:
    """Return where a mistake stands in a list of the file, from where it stands in what is left of that."""
    if not path or not isinstance(path[0], int) or not isinstance(value, list):
        return path
    places = [place for place, item in enumerate(value) if item is not None]
    return (places[path[0]], *path[1:])


_CONVERTER = _new_converter()
