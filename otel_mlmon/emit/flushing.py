"""Who hands on, when, what is held back."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class Flushing:
    """Lets one thread at a time hand on what is held back."""

    def __init__(self) -> None:
        self._lock = Lock()

    def wait_and_run(self, flush: Callable[[], object]) -> None:
        """Run ``flush`` when nobody else flushes."""
        with self._lock:
            flush()

    def run_if_free(self, flush: Callable[[], object]) -> None:
        """Run ``flush`` unless somebody flushes now: what it was to hand on gets its turn later, and nobody waits."""
        if self._lock.acquire(blocking=False):
            try:
                flush()
            finally:
                self._lock.release()

    def start_anew(self) -> None:
        """Renew the lock, in a forked child: a thread that is not there may have held it."""
        self._lock = Lock()
