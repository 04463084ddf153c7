"""The one mechanism that keeps our failures away from the caller.

Whatever of ours runs inside a user's call runs under :class:`guard`, as a context manager or as a decorator. A failure
there is logged once a place, counted in ``ml.monitor.errors``, and swallowed. In strict mode, which our own tests
switch on, it is raised instead.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

logger = logging.getLogger("otel_mlmon")

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
ErrorListener = Callable[[str, BaseException], None]


class _State:
    """What the guards of this process share."""

    def __init__(self) -> None:
        self.strict = False
        self.listener: ErrorListener | None = None
        self.logged: set[tuple[str, ...]] = set()


_state = _State()


def set_strict(strict: bool) -> None:
    """Raise our own failures instead of swallowing them: for tests."""
    _state.strict = strict


def set_error_listener(listener: ErrorListener | None) -> None:
    """Name the one function that hears of every swallowed failure: ``listener(stage, error)``."""
    _state.listener = listener


def log_once(key: str, message: str, *arguments: object) -> None:
    """Log a warning the first time that ``key`` is seen in this process."""
    if (key,) not in _state.logged:
        _state.logged.add((key,))
        logger.warning(message, *arguments)


def tell(stage: str, error: Exception) -> None:
    """Count a failure whose message says all that a person needs, and log it as one line; raises it in strict mode."""
    if _state.strict:
        raise error
    log_once(str(error), "otel-mlmon: %s", error)
    if _state.listener is not None:
        _state.listener(stage, error)


def report(stage: str, error: Exception) -> None:
    """Count and log a failure of ours; raises it in strict mode.

    Parameters
    ----------
    stage
        Which part of the instrumentation failed; becomes ``ml.monitor.stage``.
    error
        The failure. Its message is logged locally and never exported: it may hold feature values.
    """
    if _state.strict:
        raise error
    try:
        place = (stage, type(error).__name__)
        if place not in _state.logged:
            _state.logged.add(place)
            logger.warning(
                "otel-mlmon failed in stage '%s' and goes on without it (logged once; counted in ml.monitor.errors)",
                stage,
                exc_info=error,
            )
        if _state.listener is not None:
            _state.listener(stage, error)
    except Exception:
        logger.debug("otel-mlmon could not report a failure", exc_info=True)


class guard:  # noqa: N801
    """Swallow and report any exception of ours, as a context manager or as a decorator.

    A decorated function that fails answers ``None``.
    """

    __slots__ = ("_stage",)

    def __init__(self, stage: str) -> None:
        self._stage = stage

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if isinstance(error, Exception):
            report(self._stage, error)
            return True
        return False

    def __call__(self, function: Callable[Parameters, Answer]) -> Callable[Parameters, Answer | None]:
        """Wrap ``function``: much cheaper a call than the context manager."""
        stage = self._stage

        @functools.wraps(function)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer | None:
            try:
                return function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001
                report(stage, error)
                return None

        return guarded
