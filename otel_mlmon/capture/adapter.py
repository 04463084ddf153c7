"""What an adapter is: data that says which functions of a framework predict, which must be quiet, and which load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from attrs import field, frozen

from otel_mlmon.config.schema import Adapters, Output
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
        Where it is, for ``match.url`` of the configuration; without query and credentials.
    kind
        Stands for the class that it does not have here.
    is_remote
        False where no other process answers: what is called is no object.
    """

    name: str
    version: str | None = None
    url: str | None = None
    kind: str = "Endpoint"
    is_remote: bool = True


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


def argument(args: tuple[Any, ...], kwargs: dict[str, Any], name: str, position: int, default: Any = None) -> Any:
    """Return an argument, however it was passed; the default where it was not."""
    return kwargs.get(name, args[position] if position < len(args) else default)


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
        also later ones, define it. ``module:package.Class.method`` is put in place when all of ``module`` is imported.
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
    streams
        An iterator that a call of a plain function returns predicts while it is read: it is a streamed answer.
    callback
        By which the answer comes, where the call does not return it.
    promise
        Picks from what the call returned the object by which the answer is fetched later, one that allows weak
        references; None where nothing is to come. Default: the call returns the answer.
    fulfils
        What the method returns is the answer that its instance promised, of the call that a hook with ``promise``
        began, and is read as that one says; of any other instance it is nothing.
    error_type
        Tells from what the call returned that the model refused, and by which ``error.type``; None where it did not.
    named
        What the operation is called, where the function's own name says nothing.
    compiling
        Returns, when the hook is put in place, the function by which a compiler of Python code knows that it reads a
        call, and does not make it: it reads the original, as without us. Default: there is no such compiler.
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
    streams: bool = field(default=False, kw_only=True)
    callback: Callback | None = field(default=None, kw_only=True)
    promise: Callable[[Any], Any] | None = field(default=None, kw_only=True)
    fulfils: bool = field(default=False, kw_only=True)
    error_type: Callable[[Any], str | None] | None = field(default=None, kw_only=True)
    named: str | None = field(default=None, kw_only=True)
    compiling: Callable[[], Callable[[], bool]] | None = field(default=None, kw_only=True)
    since: str | None = field(default=None, kw_only=True)
    until: str | None = field(default=None, kw_only=True)
    abstract: bool = field(default=False, kw_only=True)
    inherited: bool = field(default=False, kw_only=True)
    quiet: bool = field(default=False, kw_only=True)
    trains: bool = field(default=False, kw_only=True)

    @property
    def operation(self) -> str:
        """The function's own name, if nothing else is said."""
        return self.named or self.target.partition(":")[2].rpartition(".")[2]


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
    made_of
        Returns, from the method's instance, and positional and keyword arguments, the objects that the model is made
        of, where it comes from no file itself: it is called as the first of them that has a name.
    parts
        Returns the objects that a loaded model is called by, where it is not called itself: see
        :func:`~otel_mlmon.capture.naming.whole`.
    finds
        Tells from the method's instance, and from what was returned, more of the model that a loader around this one
        loads, such as the version that an alias stands for; this one loads none.
    """

    target: str
    source: Callable[[tuple[Any, ...], dict[str, Any]], Any] = first_argument
    loaded: Callable[[Any, Any], Any] = as_returned
    since: str | None = field(default=None, kw_only=True)
    until: str | None = field(default=None, kw_only=True)
    suffixes: tuple[str, ...] = field(default=(), kw_only=True)
    origin: Callable[[tuple[Any, ...], dict[str, Any]], Origin | None] | None = field(default=None, kw_only=True)
    made_of: Callable[[Any, tuple[Any, ...], dict[str, Any]], Iterable[Any]] | None = field(default=None, kw_only=True)
    parts: Callable[[Any], Iterable[Any]] | None = field(default=None, kw_only=True)
    finds: Callable[[Any, Any], Origin | None] | None = field(default=None, kw_only=True)


@frozen
class Exit:
    """A function, or coroutine function, after which the process may die by a signal, without its exit handlers.

    Attributes
    ----------
    target
        ``module:Class.method``.
    since, until
        As :class:`Hook` has them.
    terminated
        Also while it runs, SIGTERM may end the process at once: where nobody handles it, what was answered until then
        is exported first.
    """

    target: str
    since: str | None = field(default=None, kw_only=True)
    until: str | None = field(default=None, kw_only=True)
    terminated: bool = field(default=False, kw_only=True)


def no_origin(_instance: Any) -> Origin | None:
    """Return None: the model itself does not know where it is from."""
    return None


def no_wrapper(_instance: Any) -> Any:
    """Return None: the object passes no calls on to a model."""
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
    wrapped
        Returns the model that any object, where it is a wrapper of this framework, passes calls on to, and else None:
        what a wrapper is called, by its file or by :func:`otel_mlmon.name`, its model is called, too.
    by_url
        It calls models only where the configuration names their addresses: without such a rule nothing is touched.
    late
        Its library is for much else, too: nothing is built for it before a hook's ``model`` finds one, and where models
        are loaded from is kept in mind without an engine.
    """

    name: str
    distributions: tuple[str, ...] = ()
    oldest: str = "0"
    hooks: tuple[Hook, ...] = ()
    loaders: tuple[Loader, ...] = ()
    exits: tuple[Exit, ...] = ()
    task: Callable[[Any], Task] = unknown_task
    origin: Callable[[Any], Origin | None] = no_origin
    wrapped: Callable[[Any], Any] = no_wrapper
    by_url: bool = False
    late: bool = False

    @property
    def observes(self) -> bool:
        """Whether it observes models; one that does not names those of others, or ends servers well."""
        return bool(self.hooks) or not (self.loaders or self.exits)

    def is_allowed(self, adapters: Adapters) -> bool:
        """Tell whether it is to be applied."""
        if self.name in adapters.without:
            return False
        return not adapters.only or self.name in adapters.only or not self.observes
