"""Bucket boundaries: the same in every replica, always, for that is what makes histograms addable."""

from __future__ import annotations

from attrs import frozen


@frozen
class Layout:
    """A named set of boundaries; a histogram's scope carries the name, as an instrument can have only one set."""

    name: str
    boundaries: tuple[float, ...]


def _ladder(decades: range) -> list[float]:
    return [float(f"{step}e{decade}") for decade in decades for step in (1, 2.5, 5)]


def _signed(magnitudes: list[float]) -> tuple[float, ...]:
    return (*(-value for value in reversed(magnitudes)), 0.0, *magnitudes)


DURATION = Layout("duration", (*_ladder(range(-4, 1)), 10.0))
"""Seconds, from 100 µs to 10 s."""

PROBABILITY = Layout("probability", (0.0, 0.01, *(round(step * 0.05, 2) for step in range(1, 20)), 0.99, 1.0))

NUMBER = Layout("number", _signed([*_ladder(range(-2, 5)), 1e5]))
"""Numbers of any sign, from 0.01 to 100,000."""

ROWS = Layout("rows", (*(float(10**decade * step) for decade in range(6) for step in (1, 2, 5)), 1e6))

RESULTS = Layout("results", (0.0, *ROWS.boundaries))
"""From none: an empty answer is what users notice."""


def custom(boundaries: tuple[float, ...]) -> Layout:
    """Return the layout that a model's configuration asks for."""
    return Layout(",".join(f"{bound:g}" for bound in boundaries), boundaries)
