"""What fired, as the engine wrote it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import frozen

HEALTHY = "healthy"
PAGE = "page"


@frozen
class Firing:
    """One alert from when it fires to when it no longer does.

    Attributes
    ----------
    run
        The stretch, or :data:`HEALTHY`.
    fired, resolved
        Unix seconds; it goes on for ever where it is not resolved.
    """

    run: str
    alert: str
    severity: str
    labels: dict[str, str]
    fired: float
    resolved: float
    summary: str
    description: str

    @property
    def segment(self) -> str | None:
        """The segment that the labels name, as people write it."""
        found = [
            f"{key.removeprefix('ml_segment_')}={value}" for key, value in self.labels.items() if "segment_" in key
        ]
        return " ".join(part for part in found if not part.startswith("segment_key")) or None

    def overlaps(self, other: Firing) -> bool:
        """Tell whether both fire at some moment."""
        return self.fired <= other.resolved and other.fired <= self.resolved

    def is_same_as(self, other: Firing) -> bool:
        """Tell whether both are the same alert of the same labels."""
        return self.alert == other.alert and self.labels == other.labels


def read_firings(file: Path) -> list[Firing]:
    """Return all, in the order in which they fired."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return sorted((_firing(json.loads(line)) for line in lines), key=lambda firing: firing.fired)


def episodes(firings: Iterable[Firing], gap: float) -> Iterator[tuple[Firing, ...]]:
    """Join firings that follow each other within ``gap`` seconds: people are told once of them."""
    current: list[Firing] = []
    until = float("-inf")
    for firing in sorted(firings, key=lambda firing: firing.fired):
        if current and firing.fired > until + gap:
            yield tuple(current)
            current, until = [], float("-inf")
        current.append(firing)
        until = max(until, firing.resolved)
    if current:
        yield tuple(current)


def _firing(line: dict[str, object]) -> Firing:
    labels = {str(key): str(value) for key, value in dict(line["labels"]).items()}  # type: ignore[call-overload]
    resolved = line["resolved_at"]
    return Firing(
        run=str(line["run"]),
        alert=str(line["alert"]),
        severity=str(line["severity"]),
        labels=labels,
        fired=float(str(line["fired_at"])),
        resolved=float("inf") if resolved is None else float(str(resolved)),
        summary=str(line["summary"]),
        description=str(line["description"]),
    )
