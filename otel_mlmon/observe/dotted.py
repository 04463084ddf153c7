"""Functions of a service that its configuration names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def function_at(place: str) -> Callable[..., Any]:
    """Return the function at a place such as ``shop.checks:favourite_rank``.

    Raises
    ------
    ImportError, AttributeError
        There is no such module, or no such function in it.
    """
    module, _, name = place.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]
