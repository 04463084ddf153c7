"""Honest timing on a noisy machine: everybody in turn, in the same process, and the median of the rounds."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter_ns

from attrs import frozen

ROUNDS = 15


@frozen
class Contender:
    """Something whose calls are timed.

    Attributes
    ----------
    name
        As it stands in the table.
    call
        What is timed.
    begin, end
        Run before and after each round, untimed.
    """

    name: str
    call: Callable[[], object]
    begin: Callable[[], object] = lambda: None
    end: Callable[[], object] = lambda: None


@frozen
class Timed:
    """Median microseconds of one call, less those of the first contender, and that itself."""

    name: str
    added: float
    total: float


def compare(contenders: Sequence[Contender], calls: int, rounds: int = ROUNDS) -> list[Timed]:
    """Time contenders in turn; the first one is the floor that the others are counted from."""
    micros: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            contender.begin()
            # As many calls untimed: changing a class makes the interpreter forget what it has learned of it.
            for _ in range(calls):
                contender.call()
            gc.collect()
            gc.disable()
            started = perf_counter_ns()
            for _ in range(calls):
                contender.call()
            took = perf_counter_ns() - started
            gc.enable()
            contender.end()
            micros[contender.name].append(took / calls / 1e3)
    floor = median(micros[contenders[0].name])
    return [Timed(name, median(times) - floor, median(times)) for name, times in micros.items()]
