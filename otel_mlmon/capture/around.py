"""What stands around a function of any kind: plain, coroutine, generator, asynchronous generator.

Each keeps the kind, the answer and the exceptions of the original. A streamed answer ends when its consumer has had
enough of it, and is recorded then.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Generator
from functools import partial
from typing import Any

from otel_mlmon.capture.adapter import Callback, Hook, argument
from otel_mlmon.capture.inside import Around, Method
from otel_mlmon.capture.progress import Begin, CallInProgress, promised_by, redeem
from otel_mlmon.capture.stream import stream
from otel_mlmon.safety import guard


def around_any(original: Method, begin: Begin, instances: int, *, streams: bool = False) -> Method:
    """Return what is to be called instead of a function.

    Parameters
    ----------
    original
        Of any kind.
    begin
        Asked at each call.
    instances
        How many of the positional arguments come before those that the model is given: 1 of a method, 0 of a function.
    streams
        Whether an iterator that a plain function returns predicts while it is read.
    """
    if inspect.iscoroutinefunction(original):
        return _around_coroutine(original, begin, instances)
    if inspect.isasyncgenfunction(original):
        return _around_asynchronous_generator(original, begin, instances)
    if inspect.isgeneratorfunction(original):
        return _around_generator(original, begin, instances)
    return _around_plain(original, begin, instances, streams=streams)


def _around_plain(original: Method, begin: Begin, instances: int, *, streams: bool) -> Method:
    def observed(*args: Any, **kwargs: Any) -> Any:
        begin_call = partial(begin, args[0] if instances and args else None, args[instances:], kwargs)
        call = begin_call()
        if call is None:
            return original(*args, **kwargs)
        with call.running():
            try:
                answer = original(*args, **kwargs)
            except BaseException as error:
                call.failed(error)
                raise
            if streams and hasattr(type(answer), "__next__"):
                return stream(answer, call, begin_call)
            call.answered(answer)
            return answer

    return observed


def around_callback(original: Method, begin: Begin, callback: Callback) -> Method:
    """Return what is to be called instead of a method that answers by calling a function."""

    def observed(*args: Any, **kwargs: Any) -> Any:
        place = callback.position + 1
        given = argument(args, kwargs, callback.parameter, place)
        call = begin(args[0], args[1:], kwargs) if callable(given) else None
        if call is None:
            return original(*args, **kwargs)

        def answered(*told: Any, **more: Any) -> Any:
            try:
                answer = callback.read(*told, **more)
            except Exception as error:  # noqa: BLE001  (what the caller's function is told of)
                call.failed(error)
            else:
                call.answered(answer)
            return given(*told, **more)

        if callback.parameter in kwargs:
            kwargs = {**kwargs, callback.parameter: answered}
        else:
            args = (*args[:place], answered, *args[place + 1 :])
        with call.running():
            try:
                return original(*args, **kwargs)
            except BaseException as error:
                call.failed(error)
                raise

    return observed


def around_fulfilment(hook: Hook) -> Around:
    """Return what stands around a method by which answers are fetched that calls promised."""

    @guard("begin")
    def begin(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallInProgress | None:
        call = promised_by(instance)
        if call is None or (hook.when is not None and not hook.when(instance, args, kwargs)):
            return None
        redeem(instance)
        return call

    return lambda original: around_any(original, begin, 1)


def _around_coroutine(original: Method, begin: Begin, instances: int) -> Method:
    async def observed(*args: Any, **kwargs: Any) -> Any:
        call = begin(args[0] if instances and args else None, args[instances:], kwargs)
        if call is None:
            return await original(*args, **kwargs)
        with call.running():
            try:
                answer = await original(*args, **kwargs)
            except BaseException as error:
                call.failed(error)
                raise
            call.answered(answer)
            return answer

    return observed


def _around_generator(original: Method, begin: Begin, instances: int) -> Method:
    def observed(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        pieces = original(*args, **kwargs)
        call = begin(args[0] if instances and args else None, args[instances:], kwargs)
        if call is None:
            return (yield from pieces)
        resume, given = pieces.send, None
        while True:
            try:
                with call.running():
                    piece = resume(given)
            except StopIteration as end:
                call.ended()
                return end.value
            except BaseException as error:
                call.failed(error)
                raise
            call.piece(piece)
            try:
                resume, given = pieces.send, (yield piece)
            except GeneratorExit:
                with call.running():
                    pieces.close()
                call.ended()
                raise
            except BaseException as error:  # noqa: BLE001  (the consumer's, for the original to hear of)
                resume, given = pieces.throw, error

    return observed


def _around_asynchronous_generator(original: Method, begin: Begin, instances: int) -> Method:
    async def observed(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        pieces = original(*args, **kwargs)
        call = begin(args[0] if instances and args else None, args[instances:], kwargs)
        if call is None:
            async for piece in pieces:
                yield piece
            return
        resume, given = pieces.asend, None
        while True:
            try:
                with call.running():
                    piece = await resume(given)
            except StopAsyncIteration:
                call.ended()
                return
            except BaseException as error:
                call.failed(error)
                raise
            call.piece(piece)
            try:
                resume, given = pieces.asend, (yield piece)
            except GeneratorExit:
                with call.running():
                    await pieces.aclose()
                call.ended()
                raise
            except BaseException as error:  # noqa: BLE001  (the consumer's, for the original to hear of)
                resume, given = pieces.athrow, error

    return observed
