"""What stands, now, where an adapter puts itself around functions."""

from __future__ import annotations

import sys

from otel_mlmon.capture.adapter import Adapter


def attributes_of(adapter: Adapter) -> dict[str, object]:
    """Return what stands at each target of an adapter whose module is imported, on the target itself and its bases."""
    found: dict[str, object] = {}
    for place in (*adapter.hooks, *adapter.loaders, *adapter.exits):
        module_name, _, path = place.target.partition(":")
        module = sys.modules.get(module_name)
        owner, _, name = path.rpartition(".")
        if module is None:
            continue
        kind: object = module
        for part in owner.split(".") if owner else ():
            kind = getattr(kind, part, None)
        if kind is None:
            # Other versions have it.
            continue
        owners = [kind, *subclasses(kind)] if isinstance(kind, type) else [kind]
        for one in owners:
            for base in one.__mro__ if isinstance(one, type) else (one,):
                if name in vars(base):
                    found[f"{place.target} {base!r}"] = vars(base)[name]
                if isinstance(base, type) and base is not object and "__init_subclass__" in vars(base):
                    found[f"subclasses of {base!r}"] = vars(base)["__init_subclass__"]
    return found


def subclasses(kind: type) -> list[type]:
    """Return all subclasses of a class, also of its subclasses."""
    direct = type.__subclasses__(kind)
    return [*direct, *(below for one in direct for below in subclasses(one))]
