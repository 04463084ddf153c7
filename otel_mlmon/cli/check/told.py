"""What the processes of a service told of themselves: see :mod:`otel_mlmon.capture.witness`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attrs import field, frozen

from otel_mlmon.capture.witness import APPLIED, CALLED, IMPORTED, INSTRUMENTED, MODEL


@frozen
class ToldModel:
    """A model that was called.

    Attributes
    ----------
    rule
        Its place among the configured models; None where none fits.
    path
        Of its file, where known.
    """

    name: str
    rule: int | None
    path: str | None
    kind: str
    framework: str


@frozen
class Told:
    """What is known of all processes together.

    Attributes
    ----------
    instrumented
        Whether there was any that was instrumented.
    disabled
        Whether the SDK was switched off in one.
    imported
        Versions of the libraries that were imported and have models, by the name of their adapter; None: it has none.
    applied
        Adapters that observed something of theirs.
    called
        Functions that were called, not from within each other, and what each does.
    models
        That were called.
    """

    instrumented: bool = False
    disabled: bool = False
    imported: dict[str, str | None] = field(factory=dict)
    applied: frozenset[str] = frozenset()
    called: dict[str, str] = field(factory=dict)
    models: tuple[ToldModel, ...] = ()

    @classmethod
    def read(cls, file: Path) -> Told:
        """Read what was told so far; of a line that is being written, nothing."""
        text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

        by_event: dict[str, list[dict[str, Any]]] = {}
        for line in lines:
            by_event.setdefault(line.pop("event"), []).append(line)
        started = by_event.get(INSTRUMENTED, [])
        return cls(
            instrumented=bool(started),
            disabled=any(line["disabled"] for line in started),
            imported={str(line["adapter"]): line["version"] for line in by_event.get(IMPORTED, [])},
            applied=frozenset(str(line["adapter"]) for line in by_event.get(APPLIED, [])),
            called={str(line["target"]): str(line["what"]) for line in by_event.get(CALLED, [])},
            models=tuple(ToldModel(**line) for line in by_event.get(MODEL, [])),
        )
