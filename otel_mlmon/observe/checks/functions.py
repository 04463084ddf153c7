"""Checks that a service writes itself, as functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import attrs
from attrs import field, frozen

Function = TypeVar("Function", bound=Callable[..., Any])

DEFAULT_BUDGET = 0.001
"""Seconds a call."""


@frozen(eq=False)
class Answered:
    """What a check's function is given of a call.

    Attributes
    ----------
    model, operation
        Which answered.
    inputs
        As the model was given them.
    answer
        As the model returned it.
    rows
        How many there are.
    values
        Scores and probabilities by output name, float64 of shape (rows,); of an only output the name is ``""``.
    classes
        Predicted classes by output name, text, one a row.
    results
        How many results each query got, shape (queries,); None where the model searches nothing.
    items
        The results of each query, best first; None where they are not known.
    segments
        Of the whole call.
    context
        What the service said by :class:`otel_mlmon.context`.
    seconds
        That the model took.
    """

    model: str
    operation: str
    inputs: Any
    answer: Any
    rows: int
    values: Mapping[str, Any]
    classes: Mapping[str, Sequence[str]]
    results: Any
    items: Any
    segments: Mapping[str, str]
    context: Mapping[str, Any]
    seconds: float


@frozen(eq=False)
class CheckResult:
    """What a check's function may answer, where passed or failed is not all there is to say.

    Attributes
    ----------
    passed
        A truth value, or one a row; None: nothing can be said of this call, and it is not counted.
    value
        A number, or one a row, for ``ml.quality.value``; None: there is none.
    """

    passed: Any = None
    value: Any = None


@frozen
class RegisteredCheck:
    """A function that was decorated.

    Attributes
    ----------
    model
        Shell pattern of the names of the models it is asked about.
    usual
        The share of predictions that usually fails.
    budget
        Seconds that it may take a call on average.
    """

    name: str
    function: Callable[[Answered], Any] = field(eq=attrs.cmp_using(eq=lambda one, other: one is other))
    model: str = "*"
    usual: float | None = None
    budget: float = DEFAULT_BUDGET


class Registry:
    """The decorated functions of this process.

    Attributes
    ----------
    version
        Another one after each change.
    """

    def __init__(self) -> None:
        self._checks: dict[tuple[str, str], RegisteredCheck] = {}
        self.version = 0

    def add(self, check: RegisteredCheck) -> None:
        """Add a check; one of the same name and models takes the place of the earlier one."""
        self._checks[check.name, check.model] = check
        self.version += 1

    def of(self, model: str) -> list[RegisteredCheck]:
        """Return the checks of a model; of several of one name the last."""
        found = {check.name: check for check in list(self._checks.values()) if fnmatchcase(model, check.model)}
        return list(found.values())


registry = Registry()
"""A check is registered where it is written, whoever instruments and when."""


def check(
    name: str, *, model: str = "*", usual: float | None = None, budget: float = DEFAULT_BUDGET
) -> Callable[[Function], Function]:
    """Ask a function about every call of a model.

    >>> @check("favourite-rank", model="home-ranking", usual=0.05)
    ... def favourite_is_among_the_first(answered: Answered) -> bool:
    ...     return answered.context.get("favourite") in answered.answer[:5]

    The function is given an :class:`Answered` and returns whether the call is all right: a truth value, or one a row;
    a number, or one a row, which is recorded and is no fail; a :class:`CheckResult`; or None where nothing can be
    said. It runs after the model, in the caller's thread. What it raises is counted in ``ml.monitor.errors`` and is no
    fail. One that takes more time than its budget is asked about some calls only.

    Parameters
    ----------
    name
        Becomes ``ml.quality.check``.
    model
        Name of the model, or a shell pattern of names.
    usual
        The share of predictions that usually fails, from 0 to 1; default: the back end's history tells.
    budget
        Seconds that the function may take a call on average.

    Returns
    -------
    Callable
        The decorator, which returns the function itself.

    Raises
    ------
    TypeError
        The name is no text, or what is decorated cannot be called.
    ValueError
        The usual share or the budget is out of its range.
    """
    if not isinstance(name, str) or not name:
        message = f"check() needs the check's name as text, such as check('favourite-rank'), and got {name!r}"
        raise TypeError(message)
    if usual is not None and not 0.0 <= usual <= 1.0:
        message = f"check({name!r}) takes as usual a share from 0 to 1, and got {usual!r}"
        raise ValueError(message)
    if budget <= 0.0:
        message = f"check({name!r}) takes as budget seconds above 0, and got {budget!r}"
        raise ValueError(message)

    def decorate(function: Function) -> Function:
        if not callable(function):
            message = f"check({name!r}) is for functions, and got {function!r}"
            raise TypeError(message)
        registry.add(RegisteredCheck(name, function, model, usual, budget))
        return function

    return decorate
