"""Honest timing on a noisy machine: everybody in turn, in the same process, call by call, and the median of all."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter_ns

from attrs import frozen


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
    share
        Of the calls of a round that this one gets: less for what takes milliseconds.
    """

    name: str
    call: Callable[[], object]
    begin: Callable[[], object] = lambda: None
    end: Callable[[], object] = lambda: None
    share: float = 1.0


@frozen
class Timed:
    """The median microseconds of a call, and how many of these the first contender does not need."""

    name: str
    added: float
    total: float


def compare(contenders: Sequence[Contender], calls: int, rounds: int) -> list[Timed]:
    """Time contenders in turn; the first one is the floor that the others are counted from."""
    micros: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(rounds):
        for contender in contenders:
            count = max(1, round(calls * contender.share))
            contender.begin()
            # Untimed: changing a class makes the interpreter forget what it has learned of it.
            for _ in range(2 * count):
                contender.call()
            gc.collect()
            gc.disable()
            micros[contender.name] += [time_once(contender.call) for _ in range(count)]
            gc.enable()
            contender.end()
    floor = median(micros[contenders[0].name])
    return [Timed(name, median(times) - floor, median(times)) for name, times in micros.items()]


def time_once(call: Callable[[], object]) -> float:
    """Return the microseconds of one call."""
    started = perf_counter_ns()
    call()
    return (perf_counter_ns() - started) / 1e3
