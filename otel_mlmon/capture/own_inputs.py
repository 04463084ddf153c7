"""Which of a function's arguments are the model's inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from otel_mlmon.capture.adapter import argument

PickInputs = Callable[[tuple[Any, ...], dict[str, Any]], Any]


def input_picker(function: Callable[..., Any], inputs: str | Sequence[str] | Callable[..., Any] | None) -> PickInputs:
    """Return the function that picks the inputs from the arguments of a call.

    Raises
    ------
    TypeError
        The inputs are neither parameters of the function nor a function themselves.
    """
    if callable(inputs):
        return lambda args, kwargs: inputs(*args, **kwargs)
    parameters = inspect.signature(function).parameters
    if inputs is None:
        first = next((name for name in parameters if name not in ("self", "cls")), None)
        return _nothing if first is None else _argument(parameters, first)
    names = [inputs] if isinstance(inputs, str) else list(inputs)
    unknown = [name for name in names if name not in parameters]
    if unknown or not names:
        message = (
            f"inputs= takes names of parameters of {function.__qualname__}({', '.join(parameters)}), or a function, "
            f"and got {inputs!r}"
        )
        raise TypeError(message)
    if isinstance(inputs, str):
        return _argument(parameters, inputs)
    pickers = {name: _argument(parameters, name) for name in names}
    return lambda args, kwargs: {name: pick(args, kwargs) for name, pick in pickers.items()}


def _argument(parameters: Any, name: str) -> PickInputs:
    place = list(parameters).index(name)
    default = parameters[name].default
    absent = None if default is inspect.Parameter.empty else default

    def pick(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return argument(args, kwargs, name, place, absent)

    return pick


def _nothing(_args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Any:
    return None
