"""What stands around a function that loads models: it keeps in mind where they are from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otel_mlmon.capture.adapter import Loader
from otel_mlmon.capture.inside import Around, Method
from otel_mlmon.capture.naming import (
    completed,
    finding,
    remember_as,
    remember_found,
    remember_parts,
    remember_source,
)
from otel_mlmon.safety import guard


def around_loader(loader: Loader, forget: Callable[[Any], None], is_open: Callable[[], bool]) -> Around:
    """Return what stands around a loader.

    Parameters
    ----------
    loader
        Says what is loaded, and from where.
    forget
        Forgets what is known of an object: it holds another model now.
    is_open
        Tells whether anything is to be kept in mind at all.
    """

    def around(original: Method) -> Method:
        def load_call(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
            with finding() as found:
                answer = original(instance, *args, **kwargs)
            if is_open():
                with guard("load"):
                    loaded = loader.loaded(instance, answer)
                    forget(loaded)
                    if loader.made_of is not None:
                        remember_as(loaded, loader.made_of(instance, args, kwargs))
                    else:
                        origin = None if loader.origin is None else loader.origin(args, kwargs)
                        remember_source(loaded, loader.source(args, kwargs), completed(origin, found))
                    if loader.parts is not None:
                        remember_parts(loaded, loader.parts(loaded))
            return answer

        def find_call(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
            answer = original(instance, *args, **kwargs)
            if is_open() and loader.finds is not None:
                with guard("load"):
                    remember_found(loader.finds(instance, answer))
            return answer

        return load_call if loader.finds is None else find_call

    return around
