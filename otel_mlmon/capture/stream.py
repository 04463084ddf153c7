"""What a plain function returns in place of its iterator, where that predicts while it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from otel_mlmon.capture.progress import CallInProgress


class Stream:
    """Reads an iterator for its consumer, piece by piece, and never ahead of it.

    It passes for the iterator: ``isinstance``, attributes, and the length if it has one, are the iterator's. The call
    ends with the iterator, or when nobody can read on. What is read after an end, or after an error, is another call.

    Parameters
    ----------
    pieces
        The iterator.
    call
        That returned it.
    begin
        Begins another call like it.
    """

    def __init__(self, pieces: Any, call: CallInProgress, begin: Callable[[], CallInProgress | None]) -> None:
        self._pieces = pieces
        self._call: CallInProgress | None = call
        self._begin = begin
        self._is_first = True

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._pieces)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pieces, name)

    def __repr__(self) -> str:
        return repr(self._pieces)

    def __iter__(self) -> Stream:
        if self._call is None:
            self._call = self._begin()
        if self._call is None:
            iter(self._pieces)
        else:
            with self._call.running():
                iter(self._pieces)
        return self

    def __next__(self) -> Any:
        call = self._call
        if call is None:
            call = self._call = self._begin()
        if call is None:
            return next(self._pieces)
        try:
            with call.running():
                piece = next(self._pieces)
        except StopIteration:
            self._end(call)
            raise
        except BaseException as error:
            self._call, self._is_first = None, False
            call.failed(error)
            raise
        call.piece(piece)
        return piece

    def __del__(self) -> None:
        # Without attributes where the process ends before there are any.
        call: CallInProgress | None = vars(self).get("_call")
        if call is not None and call.has_begun:
            call.ended()

    def _end(self, call: CallInProgress) -> None:
        # Who asks once more at the end gets no answer, and that is no call.
        if self._is_first or call.has_begun:
            call.ended()
        self._call, self._is_first = None, False


class SizedStream(Stream):
    """A :class:`Stream` of an iterator that has a length."""

    def __len__(self) -> int:
        return len(self._pieces)


def stream(pieces: Any, call: CallInProgress, begin: Callable[[], CallInProgress | None]) -> Stream:
    """Return what is to be returned instead of an iterator; the parameters are those of :class:`Stream`."""
    return (SizedStream if hasattr(type(pieces), "__len__") else Stream)(pieces, call, begin)
