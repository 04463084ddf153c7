"""The JSON Schema of ``mlmon.yaml``, by which editors complete and check it; made from the types that are loaded."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import Attribute

from otel_mlmon.config.alerts import objective
from otel_mlmon.config.checks import AgreesWith, Ambiguous, Check, Fallback, Rule
from otel_mlmon.config.fixed_mapping import FixedMapping
from otel_mlmon.config.inputs import Input
from otel_mlmon.config.schema import Configuration
from otel_mlmon.config.validating import (
    Bounds,
    Needed,
    NotEmpty,
    ascending,
    dotted,
    interval,
    not_empty,
    only_true,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

_SCALARS: Final = {str: "string", int: "integer", float: "number", bool: "boolean"}

_OF_VALIDATORS: Final[Mapping[Callable[..., Any], Schema]] = {
    ascending: {"minItems": 1},
    interval: {"minItems": 2, "maxItems": 2},
    not_empty: {"minItems": 1},
    dotted: {"pattern": r"^[^:\s]+:[^:\s]+$"},
    objective: {"exclusiveMinimum": 0, "exclusiveMaximum": 1},
    only_true: {"const": True},
}

_OF_CLASSES: Final[Mapping[type[Any], Schema]] = {
    Rule: {"minProperties": 1, "maxProperties": 1},
    Check: {"oneOf": [{"required": ["rule"]}, {"required": ["call"]}]},
    Ambiguous: {"minProperties": 1},
    AgreesWith: {"oneOf": [{"required": ["call"]}, {"required": ["model", "key"]}]},
    Fallback: {"oneOf": [{"required": ["items"]}, {"required": ["call"]}]},
    Input: {"required": ["column"]},
}
"""What keys have to do with each other."""


def json_schema(root: type[Any] = Configuration) -> Schema:
    """Return the schema of a file that holds an object of a class of the configuration.

    What only Python can tell, such as whether numbers increase, is left to ``otel-mlmon check``.
    """
    definitions: dict[str, Schema] = {}
    for found in _classes(root, set()):
        definitions[found.__name__] = _object(found)
    whole = definitions.pop(root.__name__)
    return {"$schema": DIALECT, "title": "mlmon.yaml", **whole, "$defs": definitions}


def _classes(kind: Any, seen: set[Any]) -> Iterator[type[Any]]:
    """Return the classes of the configuration that a type is made of."""
    if not attrs.has(kind):
        for part in get_args(kind):
            yield from _classes(part, seen)
    elif kind not in seen:
        seen.add(kind)
        yield kind
        for part in get_type_hints(kind).values():
            yield from _classes(part, seen)


def _object(kind: type[Any]) -> Schema:
    types, texts = get_type_hints(kind), _attribute_texts(kind)
    fields = attrs.fields(kind)
    required = [_key(attribute) for attribute in fields if any(isinstance(v, Needed) for v in _validators(attribute))]
    return {
        "type": "object",
        "description": _markdown((inspect.getdoc(kind) or "").partition("\n\n")[0]),
        "properties": {
            _key(attribute): _property(types[attribute.name], attribute, texts.get(attribute.name))
            for attribute in fields
        },
        "additionalProperties": False,
        **({"required": required} if required else {}),
        **_OF_CLASSES.get(kind, {}),
    }


def _property(kind: Any, attribute: Attribute[Any], text: str | None) -> Schema:
    schema = {**_type(kind), **({"description": text} if text else {})}
    default = attribute.default
    if isinstance(default, Enum):
        schema["default"] = default.value
    elif isinstance(default, (bool, int, float)):
        schema["default"] = default
    for validator in _validators(attribute):
        schema |= _limits(validator)
    return schema


def _limits(validator: Any) -> Schema:
    if isinstance(validator, Bounds):
        limits = {"minimum": validator.least, "maximum": validator.most, "exclusiveMinimum": validator.above}
        return {key: limit for key, limit in limits.items() if limit is not None}
    if isinstance(validator, (Needed, NotEmpty)):
        return {"minLength": 1}
    # Those of functions only: others may be no keys.
    return _OF_VALIDATORS.get(validator, {}) if inspect.isfunction(validator) else {}


def _validators(attribute: Attribute[Any]) -> tuple[Any, ...]:
    validator: Any = attribute.validator
    # What attrs makes of a list.
    return getattr(validator, "_validators", () if validator is None else (validator,))


def _type(kind: Any) -> Schema:
    if get_origin(kind) in (Union, UnionType):
        parts = [part for part in get_args(kind) if part is not NoneType]
        if all(part in _SCALARS for part in parts):
            names = [_SCALARS[part] for part in parts]
            return {"type": names[0] if len(names) == 1 else names}
        schemas = [_type(part) for part in parts]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _type(get_args(kind)[0])}
    if get_origin(kind) is FixedMapping:
        return {"type": "object", "additionalProperties": _type(get_args(kind)[1])}
    return _class(kind)


def _class(kind: type[Any]) -> Schema:
    if issubclass(kind, Enum):
        words = [member.value for member in kind]
        # The bare word is false in YAML 1.1.
        return {"enum": [*words, False] if "off" in words else words}
    return {"$ref": f"#/$defs/{kind.__name__}"} if attrs.has(kind) else {"type": _SCALARS[kind]}


def _key(attribute: Attribute[Any]) -> str:
    return str(attribute.metadata.get("key", attribute.name))


def _attribute_texts(kind: type[Any]) -> dict[str, str]:
    """Return what the docstring's section of attributes says of each."""
    section = re.search(
        r"^Attributes\n-+\n(.*?)(?=^\S+\n-+\n|\Z)", inspect.getdoc(kind) or "", re.DOTALL | re.MULTILINE
    )
    texts: dict[str, str] = {}
    for names, text in re.findall(r"^(\S.*)\n((?:[ ]+.*\n?)+)", section[1] if section else "", re.MULTILINE):
        texts |= dict.fromkeys(names.split(", "), _markdown(text))
    return texts


def _markdown(text: str) -> str:
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", " ".join(text.split())).replace("``", "`")
