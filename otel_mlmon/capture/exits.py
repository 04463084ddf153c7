"""Processes that end without the SDK's exit handlers: what was answered until then is exported before."""

from __future__ import annotations

import inspect
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from otel_mlmon.safety import guard

if TYPE_CHECKING:
    from types import FrameType

    from otel_mlmon.capture.adapter import Exit
    from otel_mlmon.capture.inside import Around, Method

Export = Callable[[], None]

LONGEST_EXPORT = 5.0
"""Seconds that the end of a terminated process is put off, where the back end does not answer."""


def around_exit(place: Exit, export: Export) -> Around:
    """Return what stands around a function with which a process ends."""

    def around(original: Method) -> Method:
        def exit_call(*args: Any, **kwargs: Any) -> Any:
            answer = original(*args, **kwargs)
            if inspect.isawaitable(answer):
                return _export_after(answer, export)
            export()
            return answer

        def terminable_call(*args: Any, **kwargs: Any) -> Any:
            last = LastExport(export)
            with exporting_when_terminated(last):
                answer = original(*args, **kwargs)
                last.run()
                return answer

        return terminable_call if place.terminated else exit_call

    return around


async def _export_after(awaitable: Awaitable[Any], export: Export) -> Any:
    answer = await awaitable
    export()
    return answer


class LastExport:
    """The export of a process that ends for two reasons, as the workers of a pool may: it was told to, and is killed.

    It runs in a thread of its own: the code that a signal interrupts may hold a lock that an export needs, and that
    code may be an export.
    """

    def __init__(self, export: Export) -> None:
        self._export = export
        self._thread: threading.Thread | None = None

    @guard("exit")
    def run(self) -> None:
        """Wait until all is exported, or for :data:`LONGEST_EXPORT`."""
        if self._thread is None:
            thread = threading.Thread(target=self._export, name="otel-mlmon-exit", daemon=True)
            thread.start()
            self._thread = thread
        self._thread.join(LONGEST_EXPORT)


@contextmanager
def exporting_when_terminated(last: LastExport) -> Iterator[None]:
    """Have SIGTERM, where it would end the process at once, end it after an export."""
    if not _would_end_at_once():
        yield
        return

    def terminated(number: int, _frame: FrameType | None) -> None:
        last.run()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGTERM) is terminated:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


@guard("exit")
def _would_end_at_once() -> bool:
    # Python lets the main thread only set handlers.
    is_main = threading.current_thread() is threading.main_thread()
    return is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
