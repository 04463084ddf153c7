"""What a model is called: as its service says, else as its file, else as its class."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
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
        stem = file_name.partition(".")[0] or file_name
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
