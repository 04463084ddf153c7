"""How often a check is asked that takes more time than it may."""

from __future__ import annotations

import random
from time import perf_counter

WEIGHT = 0.1
"""Of the newest call in the moving average."""

LEAST_SHARE = 0.001
"""However slow, a check is asked now and then: it may have become faster."""


class Budget:
    """Samples calls so that a check costs what it may, on average.

    Each call is asked about with the same probability, whatever its answer: the share of fails among those asked about
    is an unbiased estimate of the share among all.

    Parameters
    ----------
    seconds
        That the check may take a call on average.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._average = 0.0
        self.share = 1.0

    def admits(self) -> bool:
        """Tell whether a call is to be asked about."""
        return self.share >= 1.0 or random.random() < self.share  # noqa: S311  (no secret)

    def begin(self) -> float:
        """Return when asking about a call begins."""
        return perf_counter()

    def spent(self, started: float) -> None:
        """Count what asking about a call took that began then."""
        took = perf_counter() - started
        self._average = took if self._average == 0.0 else (1 - WEIGHT) * self._average + WEIGHT * took
        self.share = max(LEAST_SHARE, min(1.0, self._seconds / self._average))
