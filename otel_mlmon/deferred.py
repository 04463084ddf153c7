"""What is built when it is first needed, by whichever thread that is."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from otel_mlmon import safety

Built = TypeVar("Built")

LONGEST_WAIT = 10.0
"""Seconds that a call waits for another thread that builds."""


class Deferred(Generic[Built]):
    """Builds once.

    Building imports modules, and their import may be what asks for it again, or hold another thread that holds a
    module's lock: so an import never waits here; what it wants done is done by the thread that builds.

    Parameters
    ----------
    build
        Makes it; where that fails, nothing is there for good.
    """

    def __init__(self, build: Callable[[], Built]) -> None:
        self._build = build
        self._building = Lock()
        self._is_settled = False
        self._longest_wait = LONGEST_WAIT
        self._later: deque[Callable[[], None]] = deque()
        self.built: Built | None = None

    def then(self, act: Callable[[], None]) -> None:
        """Run ``act`` once it is built, which may be later."""
        self._later.append(act)
        # What is built needs numpy, whose own import imports pickle, and so may be what asks.
        if not _is_being_imported("numpy"):
            self.go_on()

    def go_on(self) -> None:
        """Build it if something waits for that."""
        if self._later:
            self._settle(0.0)
        if self._is_settled:
            self._run()

    def get(self) -> Built | None:
        """Return it, built if need be; None where that failed, or takes another thread too long."""
        if not self._is_settled:
            self._settle(self._longest_wait)
            # A thread that is not there after a fork never finishes: that is waited for once.
            self._longest_wait = 0.0
        return self.built

    def _settle(self, patience: float) -> None:
        if self._is_settled or not self._building.acquire(timeout=patience or -1, blocking=patience > 0):
            return
        try:
            if not self._is_settled:
                with safety.guard("start"):
                    self.built = self._build()
                self._is_settled = True
        finally:
            self._building.release()
        self._run()

    def _run(self) -> None:
        while self._later:
            try:
                act = self._later.popleft()
            except IndexError:
                return
            act()


def _is_being_imported(module: str) -> bool:
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))
