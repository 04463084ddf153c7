"""What an adapter is: data that says which functions of a framework predict, which must be quiet, and which load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from attrs import field, frozen

from otel_mlmon.config.schema import Output
from otel_mlmon.observe.answers import Answer


class Task(Enum):
    """What a model is for, where its class tells."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    GROUPING = "grouping"
    """Clusters and outlier labels."""
    UNKNOWN = "unknown"


@frozen
class Call:
    """A call that a hook saw: the model, what it was given, and what it answered.

    Attributes
    ----------
    output
        What is configured for the model's answers.
    """

    instance: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    answer: Any
    task: Task
    output: Output = field(factory=Output)


@frozen
class Origin:
    """Where a model is from, as far as it, or the call that loaded it, tells.

    Attributes
    ----------
    name, version
        As the one who published it says; the configuration beats both.
    path
        Of the file; a model without a name is called as its file.
    run_id
        Of the experiment that made it.
    """

    name: str | None = None
    version: str | None = None
    path: str | None = None
    run_id: str | None = None


@frozen
class Endpoint:
    """A model that another process serves: all that is known here is what it is called.

    Attributes
    ----------
    url
        Where it is, for ``match.url`` of the configuration.
    kind
        Stands for the class that it does not have here.
    """

    name: str
    version: str | None = None
    url: str | None = None
    kind: str = "Endpoint"


@frozen
class Callback:
    """The function that a call is given to answer by, later and perhaps in another thread.

    Attributes
    ----------
    parameter, position
        Where among the arguments it stands, the instance not counted.
    read
        Returns the answer from what the function is called with, or raises the error that it is told of.
    """

    parameter: str
    position: int
    read: Callable[..., Any]


@frozen
class Streamed:
    """The answer of a generator, when it has ended.

    Attributes
    ----------
    pieces
        How many there were.
    kept
        What the hook kept of each.
    """

    pieces: int
    kept: list[Any]


def no_inputs(_args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    """Return None: the call has no inputs worth a look."""
    return None


def first_argument(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the first argument, however it was passed."""
    return args[0] if args else next(iter(kwargs.values()), None)


@frozen
class Hook:
    """One function or method of a framework.

    Attributes
    ----------
    target
        ``module:function``, or ``module:Class.method``: that method wherever the class, its bases or its subclasses,
        also later ones, define it.
    outputs
        Reads a call's answer; None where it holds no prediction.
    inputs
        Picks the model's inputs from positional and keyword arguments.
    model
        Picks the model from the method's instance, and positional and keyword arguments: an object that allows weak
        references, or an :class:`Endpoint`; None where the call is of no model. Default: the instance.
    when
        Tells from the same three whether a call predicts; one that does not is quiet. Default: each does.
    piece
        What is kept of each piece of a streamed answer, for ``outputs`` to read; None: nothing.
    callback
        By which the answer comes, where the call does not return it.
    since, until
        The first version that has the target, and the first that has it no more.
    abstract
        Only subclasses have the method.
    inherited
        The class has the method from a base, whose other subclasses are left alone.
    quiet
        Predictions inside are no predictions for anybody: evaluation, worker threads of an outer call.
    trains
        Quiet, and afterwards the model may know other classes.
    """

    target: str
    outputs: Callable[[Call], Answer | None] | None = None
    inputs: Callable[[tuple[Any, ...], dict[str, Any]], Any] = no_inputs
    model: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any] | None = field(default=None, kw_only=True)
    when: Callable[[Any, tuple[Any, ...], dict[str, Any]], bool] | None = field(default=None, kw_only=True)
    piece: Callable[[Any], Any] | None = field(default=None, kw_only=True)
    callback: Callback | None = field(default=None, kw_only=True)
    since: str | None = field(default=None, kw_only=True)
    until: str | None = field(default=None, kw_only=True)
    abstract: bool = field(default=False, kw_only=True)
    inherited: bool = field(default=False, kw_only=True)
    quiet: bool = field(default=False, kw_only=True)
    trains: bool = field(default=False, kw_only=True)

    @property
    def operation(self) -> str:
        """The function's own name."""
        return self.target.partition(":")[2].rpartition(".")[2]


def as_returned(_instance: Any, answer: Any) -> Any:
    """Return what a loader returned."""
    return answer


def into_instance(instance: Any, _answer: Any) -> Any:
    """Return the object whose method loaded a model into it."""
    return instance


@frozen
class Loader:
    """A function or method that loads models from files.

    Attributes
    ----------
    target
        ``module:function`` or ``module:Class.method``.
    source
        Picks the path, or the open file, from positional and keyword arguments.
    loaded
        Picks the model from the method's instance and from what was returned.
    since, until
        As :class:`Hook` has them.
    suffixes
        Of such files.
    origin
        Tells from positional and keyword arguments what else is known, where models are loaded by other names.
    parts
        Returns the objects that a loaded model is called by, where it is not called itself: see
        :func:`~otel_mlmon.capture.naming.whole`.
    """

    target: str
    source: Callable[[tuple[Any, ...], dict[str, Any]], Any] = first_argument
    loaded: Callable[[Any, Any], Any] = as_returned
    since: str | None = field(default=None, kw_only=True)
    until: str | None = field(default=None, kw_only=True)
    suffixes: tuple[str, ...] = field(default=(), kw_only=True)
    origin: Callable[[tuple[Any, ...], dict[str, Any]], Origin | None] | None = field(default=None, kw_only=True)
    parts: Callable[[Any], Iterable[Any]] | None = field(default=None, kw_only=True)


@frozen
class Exit:
    """A function, or coroutine function, after which the process may die by a signal, without its exit handlers.

    Attributes
    ----------
    target
        ``module:Class.method``.
    since, until
        As :class:`Hook` has them.
    """

    target: str
    since: str | None = field(default=None, kw_only=True)
    until: str | None = field(default=None, kw_only=True)


def no_origin(_instance: Any) -> Origin | None:
    """Return None: the model itself does not know where it is from."""
    return None


def unknown_task(_instance: Any) -> Task:
    """Return :attr:`Task.UNKNOWN`."""
    return Task.UNKNOWN


@frozen
class Adapter:
    """Everything that is particular to one framework.

    Attributes
    ----------
    name
        Appears as ``ml.framework``.
    distributions
        What it may be installed as, which also names its version; the first is the usual one. None: it is Python's.
    oldest
        The first version that the tests cover; in older ones nothing is touched.
    hooks
        Its functions that predict, and those that must be quiet.
    loaders
        Its functions that load models from files.
    exits
        Its functions with which a server ends.
    task
        Tells what a model is for; asked once a model.
    origin
        Tells where a model is from; asked once a model. What a loader knows, and the name of its file, come first.
    """

    name: str
    distributions: tuple[str, ...] = ()
    oldest: str = "0"
    hooks: tuple[Hook, ...] = ()
    loaders: tuple[Loader, ...] = ()
    exits: tuple[Exit, ...] = ()
    task: Callable[[Any], Task] = unknown_task
    origin: Callable[[Any], Origin | None] = no_origin
