"""A call of any kind while it runs: of a coroutine, of a generator, of a model that is no object here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from otel_mlmon.capture.adapter import Call, Streamed
from otel_mlmon.capture.inside import inside
from otel_mlmon.capture.naming import WeakIdentityMap
from otel_mlmon.safety import guard

if TYPE_CHECKING:
    from otel_mlmon.capture.observer import Observer
    from otel_mlmon.emit.spans import OpenSpan

Begin = Callable[[Any, tuple[Any, ...], dict[str, Any]], "CallInProgress | None"]
"""``begin(instance, args, kwargs)`` returns the call that begins now; None where it does not count."""

MAX_PIECES = 65_536
"""Of a streamed answer, of which something is kept; the rest is counted as dropped."""


class CallInProgress:
    """One outermost call.

    Parameters
    ----------
    observer
        Records it; None where the call is quiet.
    model
        The model object.
    span
        Already open.
    """

    def __init__(
        self,
        observer: Observer | None,
        model: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        span: OpenSpan | None,
    ) -> None:
        self._observer = observer
        self._model = model
        self._args = args
        self._kwargs = kwargs
        self._span = span
        self._promised = False
        self._pieces = 0
        self._kept: list[Any] = []
        self._started = perf_counter_ns()

    @property
    def has_begun(self) -> bool:
        """Whether there has been a piece of a streamed answer."""
        return self._pieces > 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the code within from being counted by itself."""
        before = inside.get()
        inside.set(True)
        if self._span is not None:
            self._span.make_current()
        try:
            yield
        finally:
            if self._span is not None:
                self._span.step_back()
            # Not by a token: a generator may go on, and end, in another context.
            inside.set(before)

    def answered(self, answer: Any) -> None:
        """Record what the model answered."""
        took = perf_counter_ns() - self._started
        if not self._goes_on(answer, took):
            self._record(answer, took)

    def failed(self, error: BaseException) -> None:
        """Record that the model raised."""
        if self._observer is not None:
            took = perf_counter_ns() - self._started
            self._observer.failed(error, took, self._span, self._args, self._kwargs)

    def piece(self, piece: Any) -> None:
        """Record a piece of a streamed answer."""
        if self._observer is not None:
            self._record_piece(self._observer, piece)

    def ended(self) -> None:
        """Record that a streamed answer is complete, or that nobody wants the rest."""
        took = perf_counter_ns() - self._started
        self._record(Streamed(self._pieces, self._kept), took)

    @guard("prediction")
    def _goes_on(self, returned: Any, took: int) -> bool:
        """Tell whether what the call returned is no answer: a refusal, which is recorded, or a promise."""
        if self._observer is None or self._promised:
            return False
        hook = self._observer.hook
        error_type = None if hook.error_type is None else hook.error_type(returned)
        if error_type is not None:
            self._observer.refused(error_type, took, self._span, self._args, self._kwargs)
            return True
        promised = None if hook.promise is None else hook.promise(returned)
        self._promised = promised is not None and _promises.set(promised, self)
        return self._promised

    @guard("prediction")
    def _record(self, answer: Any, took: int) -> None:
        if self._observer is not None:
            observer = self._observer
            call = Call(self._model, self._args, self._kwargs, answer, observer.live.task, observer.channel.output)
            observer.answered(call, self._started, took, self._span)

    @guard("piece")
    def _record_piece(self, observer: Observer, piece: Any) -> None:
        self._pieces += 1
        if self._pieces == 1:
            observer.channel.observe_first_piece(perf_counter_ns() - self._started)
        if observer.hook.piece is not None:
            if len(self._kept) < MAX_PIECES:
                self._kept.append(observer.hook.piece(piece))
            else:
                observer.channel.dropped_pieces(1)


_promises: WeakIdentityMap[CallInProgress] = WeakIdentityMap()


def promised_by(instance: Any) -> CallInProgress | None:
    """Return the call whose answer an object promises."""
    return _promises.get(instance)


def redeem(instance: Any) -> None:
    """Forget what an object promised: its answer is being fetched."""
    _promises.remove(instance)
