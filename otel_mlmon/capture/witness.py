"""What a process tells ``otel-mlmon check --run`` of itself: which libraries it imports, and what of them it calls.

Only that command asks for it: in any other process nothing is put around anything, and nothing is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Final

from otel_mlmon.capture.adapter import Adapter, Exit, Hook, Loader
from otel_mlmon.capture.inside import Around, Method, inside, is_suspending
from otel_mlmon.safety import guard

OTEL_MLMON_WITNESS: Final = "OTEL_MLMON_WITNESS"
"""Path of the file to write to. The command sets it; it is no setting of users."""

INSTRUMENTED: Final = "instrumented"
IMPORTED: Final = "imported"
APPLIED: Final = "applied"
CALLED: Final = "called"
MODEL: Final = "model"

MAX_LINES = 10_000
"""A process says each thing once, and no more than this."""


class Witness:
    """Appends a line of JSON to a file for each thing that is seen for the first time."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._told: set[str] = set()

    @guard("witness")
    def tell(self, event: str, **said: object) -> None:
        """Say something, once."""
        line = json.dumps({"event": event, **said}, sort_keys=True)
        if line not in self._told and len(self._told) < MAX_LINES:
            self._told.add(line)
            # Small enough to be one write: the lines of several processes stay whole.
            with open(self._file, "a", encoding="utf-8") as file:  # noqa: PTH123
                file.write(line + "\n")

    def around(self, around: Around, place: Hook | Loader | Exit, adapter: Adapter) -> Around:
        """Return what also tells of the calls of a hook's target that are in no other one."""
        if not isinstance(place, Hook) or place.compiling is not None:
            return around
        name = place.target.partition(":")[2].rpartition(".")[2]
        what = "trains" if place.trains else "predicts" if place.outputs is not None else "is quiet"

        def witnessed(original: Method) -> Method:
            method = around(original)
            if is_suspending(original):
                return method

            def observed(*args: Any, **kwargs: Any) -> Any:
                if not inside.get():
                    self.tell(CALLED, adapter=adapter.name, target=_named(args, name), what=what)
                return method(*args, **kwargs)

            return observed

        return witnessed


def of_environment(environment: Mapping[str, str] = os.environ) -> Witness | None:
    """Return the witness that is asked for, if any is."""
    file = environment.get(OTEL_MLMON_WITNESS, "")
    return Witness(file) if file else None


def _named(args: tuple[Any, ...], name: str) -> str:
    instance = args[0] if args else None
    if instance is None:
        return name
    return f"{(instance if isinstance(instance, type) else type(instance)).__name__}.{name}"
