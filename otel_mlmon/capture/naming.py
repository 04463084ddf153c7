"""What a model is called: as its service says, else as its file, else as its class."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import PurePath
from typing import Any, Generic, TypeVar

from attrs import evolve, frozen

from otel_mlmon.capture.adapter import Origin
from otel_mlmon.capture.files import ModelFile, file_of
from otel_mlmon.observe.labels import label_text

Model = TypeVar("Model")
Value = TypeVar("Value")

MAX_MEMBERS = 100
"""Objects that are looked at in a container that a file held."""


class WeakIdentityMap(Generic[Value]):
    """Values by object, whether or not the object can be hashed, for as long as it lives.

    Attributes
    ----------
    entries
        By the object's identity: a weak reference to it, and its value. An entry is of no object but the one that its
        reference returns.
    """

    def __init__(self) -> None:
        self.entries: dict[int, tuple[weakref.ref[Any], Value]] = {}

    def get(self, instance: object) -> Value | None:
        """Return the value of an object."""
        entry = self.entries.get(id(instance))
        return entry[1] if entry is not None and entry[0]() is instance else None

    def set(self, instance: object, value: Value) -> bool:
        """Set the value of an object; false where the object allows no weak reference."""
        key, entries = id(instance), self.entries

        def forget(reference: weakref.ref[Any]) -> None:
            entry = entries.get(key)
            if entry is not None and entry[0] is reference:
                del entries[key]

        try:
            entries[key] = (weakref.ref(instance, forget), value)
        except TypeError:
            return False
        return True

    def remove(self, instance: object) -> None:
        """Forget the value of an object."""
        if self.get(instance) is not None:
            del self.entries[id(instance)]

    def reference(self, instance: object) -> weakref.ref[Any] | None:
        """Return the weak reference to an object that has a value."""
        entry = self.entries.get(id(instance))
        return entry[0] if entry is not None and entry[0]() is instance else None

    def values(self) -> list[Value]:
        """Return the values of all objects that live."""
        return [value for _, value in list(self.entries.values())]

    def items(self) -> list[tuple[object, Value]]:
        """Return all objects that live, and their values."""
        found = [(reference(), value) for reference, value in list(self.entries.values())]
        return [(instance, value) for instance, value in found if instance is not None]


@frozen
class Label:
    """What is known of one model object from outside.

    Attributes
    ----------
    name, version
        As the service said with :func:`name`.
    file
        That it was loaded from.
    member
        Its key in the container that the file held.
    origin
        What else the call that loaded it told.
    """

    name: str | None = None
    version: str | None = None
    file: ModelFile | None = None
    member: str | None = None
    origin: Origin | None = None

    @property
    def file_name(self) -> str | None:
        """The name that the file gives."""
        if self.file is None:
            return None
        file_name = PurePath(self.file.path).name
        # What follows the first dot of a folder's name is more often a version than a suffix.
        stem = file_name if self.file.is_folder else file_name.partition(".")[0] or file_name
        return stem if self.member is None else f"{stem}.{self.member}"


labels: WeakIdentityMap[Label] = WeakIdentityMap()
"""The labels of all model objects of this process: a model is named once, whoever instruments it and when."""


def name(model: Model, name: str, *, version: str | None = None) -> Model:
    """Give a model the name that it has in every metric.

    >>> class Ranker: ...
    >>> ranker = name(Ranker(), "home-ranking", version="2026-11")

    It beats the configuration and the file's name. To be called before the model's first prediction.

    Parameters
    ----------
    model
        Any object that allows weak references.
    name
        Few and fixed: no identifier of a user or of a request.
    version
        Becomes ``ml.model.version``.

    Returns
    -------
    Model
        The same object.

    Raises
    ------
    TypeError
        The name is no text, or the object allows no weak reference.
    """
    if not isinstance(name, str) or not name:
        message = f"name() needs the model's name as text, such as name(model, 'flight-delay'), and got {name!r}"
        raise TypeError(message)
    known = labels.get(model) or Label()
    text = None if version is None else label_text(version)
    if not labels.set(model, evolve(known, name=label_text(name), version=text)):
        message = f"name() cannot keep a name for a {type(model).__name__}: it allows no weak reference"
        raise TypeError(message)
    return model


def remember_source(loaded: object, source: object, origin: Origin | None) -> None:
    """Keep in mind from where an object, or a container's members, came.

    Parameters
    ----------
    loaded
        What the file held.
    source
        Its path, or an open file.
    origin
        What else is known.
    """
    file = file_of(source)
    if file is not None or origin is not None:
        for member, instance in _members(loaded):
            known = labels.get(instance) or Label()
            labels.set(instance, evolve(known, file=file, member=member, origin=origin))


def remember_as(model: object, sources: Iterable[object]) -> None:
    """Keep in mind of a model what is known of the first object, of those it is made of, of which anything is."""
    found = next(filter(None, map(labels.get, islice(sources, MAX_MEMBERS))), None)
    if found is not None:
        known = labels.get(model) or Label()
        labels.set(model, evolve(found, name=known.name or found.name, version=known.version or found.version))


_found: ContextVar[list[Origin] | None] = ContextVar("otel_mlmon_found", default=None)


@contextmanager
def finding() -> Iterator[list[Origin]]:
    """Collect what is found out of a model while it is loaded."""
    found: list[Origin] = []
    outer = _found.set(found)
    try:
        yield found
    finally:
        _found.reset(outer)


def remember_found(origin: Origin | None) -> None:
    """Keep in mind what was found out of the model that is being loaded, if one is."""
    found = _found.get()
    if found is not None and origin is not None:
        found.append(origin)


def completed(told: Origin | None, found: Iterable[Origin]) -> Origin | None:
    """Return what a loader was told, and beside it what was found out of a model of no other name."""
    for other in found if told is not None else ():
        if told is not None and (told.name is None or other.name is None or told.name == other.name):
            told = Origin(
                name=told.name or other.name,
                version=told.version or other.version,
                path=told.path or other.path,
                run_id=told.run_id or other.run_id,
            )
    return told


_wholes: WeakIdentityMap[weakref.ref[Any]] = WeakIdentityMap()


def remember_parts(model: object, parts: Iterable[object]) -> None:
    """Keep in mind that objects are parts of a model, by which it is called."""
    label = labels.get(model)
    for part in parts:
        _wholes.set(part, weakref.ref(model))
        if label is not None:
            labels.set(part, label)


def whole(part: object) -> Any:
    """Return the model that an object is a part of, the object itself when only that is left; None: of no model."""
    model = _wholes.get(part)
    if model is None:
        return None
    found = model()
    return part if found is None else found


def _members(loaded: object) -> Iterator[tuple[str | None, object]]:
    if isinstance(loaded, dict):
        items: list[tuple[str, object]] = [(label_text(key), value) for key, value in loaded.items()][:MAX_MEMBERS]
    elif isinstance(loaded, (list, tuple)):
        items = [(str(index), value) for index, value in enumerate(loaded[:MAX_MEMBERS])]
    else:
        yield None, loaded
        return
    models = [(key, value) for key, value in items if type(value).__module__ != "builtins"]
    for key, value in models:
        yield (None if len(models) == 1 else key), value
