"""Models that no framework knows: the service's own functions, and stretches of its code."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from otel_mlmon.capture.adapter import Adapter, Endpoint, Hook
from otel_mlmon.capture.around import around_any
from otel_mlmon.capture.own_answers import KINDS, Kind, answer_of, picker, read
from otel_mlmon.capture.own_inputs import input_picker
from otel_mlmon.observe.answers import Answer
from otel_mlmon.safety import guard

if TYPE_CHECKING:
    from otel_mlmon.capture.call import Engine
    from otel_mlmon.capture.progress import Begin, CallInProgress

Function = TypeVar("Function", bound=Callable[..., Any])

ADAPTER = Adapter(name="python")
"""Of models that are the service's own code."""


class _Current:
    """Which engine observes now: decorated functions outlive it."""

    def __init__(self) -> None:
        self.engine: Callable[[], Engine | None] | None = None


_current = _Current()


def set_current_engine(engine: Callable[[], Engine | None] | None) -> None:
    """Name the function that returns the engine for the service's own code; None where nothing is observed."""
    _current.engine = engine


def monitor(
    *,
    name: str,
    output: str | Sequence[str] | Callable[[Any], Any] | None = None,
    kind: Kind | None = None,
    inputs: str | Sequence[str] | Callable[..., Any] | None = None,
    version: str | None = None,
) -> Callable[[Function], Function]:
    """Report each call of a function as a call of a model.

    >>> @monitor(name="home-ranking", output="score")
    ... def rank(user: str) -> dict[str, float]:
    ...     return {"score": 0.7}

    Takes functions, coroutine functions, generators and asynchronous generators, also as methods, and callable objects,
    for which it returns a function. Calls of other models inside are parts of this one. A streamed answer also reports
    the time to its first piece.

    Parameters
    ----------
    name
        Of the model, in every metric: few and fixed.
    output
        Where in the answer the output is: a key or attribute (``"result.score"`` goes deeper) of a dict, a dataclass or
        a pydantic model; several of these, which become several outputs; or a function of the answer. Of a generator:
        of each piece. Default: the answer itself, if it is a number, a truth value, or an array or list of these; of a
        list of other things their number; of a generator the number of its pieces. Text is read only where ``kind`` is
        ``"label"``.
    kind
        What the output is: ``"score"``, ``"probability"`` (of the positive class, shape (rows,), or of each class,
        shape (rows, classes)), ``"label"``, or ``"results"`` (their number is recorded). Default: by its type.
    inputs
        Where the columns of segments are looked up: the name of a parameter, several names, each of which is a column,
        or a function of the call's arguments. Default: the first parameter that is not ``self`` or ``cls``.
    version
        Becomes ``ml.model.version``.

    Raises
    ------
    TypeError
        When decorating, never at a call: an argument is wrong, or what is decorated cannot be called, or is a class.
    """
    _check_name(name, "monitor")
    _check_kind(kind, "monitor")
    pick = picker(output)

    def decorate(function: Function) -> Function:
        if isinstance(function, (classmethod, staticmethod)):
            return type(function)(decorate(function.__func__))
        if not callable(function) or isinstance(function, type):
            message = f"monitor(name={name!r}) is for functions, methods and callable objects, and got {function!r}"
            raise TypeError(message)
        own_name = getattr(function, "__qualname__", type(function).__qualname__)
        endpoint = Endpoint(name, version, kind=own_name, is_remote=False)
        hook = Hook(
            f"{function.__module__}:{own_name}",
            functools.partial(answer_of, pick, kind),
            input_picker(function, inputs),
            model=lambda *_call: endpoint,
            piece=None if output is None else pick,
        )
        # Of a callable object, only the method tells whether its calls are coroutines or generators.
        is_function = inspect.isroutine(function) or isinstance(function, functools.partial)
        called: Any = function if is_function else getattr(function, "__call__")  # noqa: B004, B009
        return functools.wraps(function)(around_any(called, _BeginWithCurrentEngine(hook), 0))  # type: ignore[return-value]

    return decorate


class OpenPrediction:
    """A stretch of code that is one call of a model: what :func:`prediction` gives."""

    def __init__(self, endpoint: Endpoint, inputs: Any) -> None:
        self._endpoint = endpoint
        self._inputs = inputs
        self._output: Any = None
        self._kind: Kind | None = None
        self._call: CallInProgress | None = None
        self._running: AbstractContextManager[None] = nullcontext()

    def output(self, value: Any, *, kind: Kind | None = None) -> None:
        """Say what the model answered; the last word counts.

        Parameters
        ----------
        value
            A number, a truth value, a label, or an array or list of these, one entry a row.
        kind
            As for :func:`monitor`.

        Raises
        ------
        TypeError
            There is no such kind.
        """
        _check_kind(kind, "output")
        self._output, self._kind = value, kind

    def __enter__(self) -> OpenPrediction:
        self._call = _begin_prediction(None, (self._endpoint, self._inputs, self), {})
        if self._call is not None:
            self._running = self._call.running()
        self._running.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._call is not None and error is not None:
            self._call.failed(error)
        elif self._call is not None:
            self._call.answered(self._output)
        self._running.__exit__(None, None, None)

    def answer(self) -> Answer | None:
        """Return what was said."""
        return read(self._output, self._kind)


def prediction(name: str, *, inputs: Any = None, version: str | None = None) -> OpenPrediction:
    """Report a stretch of code as one call of a model, where no function can be decorated.

    >>> with prediction("fraud-rules") as call:
    ...     call.output(0.2, kind="probability")

    Parameters
    ----------
    name
        Of the model, in every metric: few and fixed.
    inputs
        Where the columns of segments are looked up: a data frame, or a mapping of names to values.
    version
        Becomes ``ml.model.version``.

    Raises
    ------
    TypeError
        The name is no text.
    """
    _check_name(name, "prediction")
    return OpenPrediction(Endpoint(name, version, kind="prediction", is_remote=False), inputs)


class _BeginWithCurrentEngine:
    """Begins calls; a function of ``__main__`` that is pickled by value, with it, begins them in its new process."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook
        self._known: tuple[Engine, Begin] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _BeginWithCurrentEngine, (self._hook,)

    @guard("begin")
    def __call__(self, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> CallInProgress | None:
        engine = None if _current.engine is None else _current.engine()
        if engine is None:
            return None
        current = self._known
        if current is None or current[0] is not engine:
            self._known = current = (engine, engine.begin(self._hook, ADAPTER))
        return current[1](instance, args, kwargs)


_begin_prediction = _BeginWithCurrentEngine(
    Hook(
        "otel_mlmon:predict",
        lambda call: call.args[2].answer(),
        lambda args, _kwargs: args[1],
        model=lambda _instance, args, _kwargs: args[0],
    )
)


def _check_name(name: object, function: str) -> None:
    if not isinstance(name, str) or not name:
        message = (
            f"{function}() needs the model's name as text, such as {function}(name='home-ranking'), and got {name!r}"
        )
        raise TypeError(message)


def _check_kind(kind: object, function: str) -> None:
    if kind is not None and kind not in KINDS:
        message = f"{function}() takes as kind one of {', '.join(KINDS)}, and got {kind!r}"
        raise TypeError(message)
