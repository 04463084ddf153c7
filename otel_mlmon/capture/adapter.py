"""What an adapter is: data that says which functions of a framework predict, which must be quiet, and which load."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from attrs import field, frozen

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
    """A call that a hook saw: the model, what it was given, and what it answered."""

    instance: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    answer: Any
    task: Task


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
    quiet
        Predictions inside are no predictions for anybody: evaluation, worker threads of an outer call.
    trains
        Quiet, and afterwards the model may know other classes.
    """

    target: str
    outputs: Callable[[Call], Answer | None] | None = None
    inputs: Callable[[tuple[Any, ...], dict[str, Any]], Any] = no_inputs
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
    """

    target: str
    source: Callable[[tuple[Any, ...], dict[str, Any]], Any] = first_argument
    loaded: Callable[[Any, Any], Any] = as_returned


@frozen
class Exit:
    """A function, or coroutine function, after which the process may die by a signal, without its exit handlers.

    Attributes
    ----------
    target
        ``module:Class.method``.
    """

    target: str


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
    distribution
        What it is installed as.
    hooks
        Its functions that predict, and those that must be quiet.
    loaders
        Its functions that load models from files.
    exits
        Its functions with which a server ends.
    task
        Tells what a model is for; asked once a model.
    """

    name: str
    distribution: str
    hooks: tuple[Hook, ...] = ()
    loaders: tuple[Loader, ...] = ()
    exits: tuple[Exit, ...] = ()
    task: Callable[[Any], Task] = unknown_task
