"""What a service's own function answered, as it said when it was decorated, else by the answer's type."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

from otel_mlmon.capture.adapter import Call, Streamed
from otel_mlmon.observe.answers import Answer, Labels, Named, Probabilities, Results, Scores

Kind = Literal["score", "probability", "label", "results"]
KINDS: tuple[str, ...] = get_args(Kind)

Output = str | Sequence[str] | Callable[[Any], Any] | None
"""Where the output is: a path of keys and attributes, several of these, or a function of the answer."""


class Picked(dict[str, Any]):
    """Several outputs by name."""


def picker(output: Output) -> Callable[[Any], Any]:
    """Return the function that picks the output from an answer.

    Raises
    ------
    TypeError
        The output is neither a name, nor several, nor a function.
    """
    if output is None:
        return _whole
    if isinstance(output, str) and output:
        return _at(output)
    if callable(output):
        return output
    if isinstance(output, Sequence) and output and all(isinstance(name, str) and name for name in output):
        paths = {name: _at(name) for name in output}
        return lambda answer: Picked({name: pick(answer) for name, pick in paths.items()})
    message = f"output= takes the name of a field, several names, or a function of the answer, and got {output!r}"
    raise TypeError(message)


def answer_of(pick: Callable[[Any], Any], kind: Kind | None, call: Call) -> Answer | None:
    """Return what a call's answer says; None where nothing in it may be read."""
    if isinstance(call.answer, Streamed):
        return read_streamed(call.answer, kind)
    return read(pick(call.answer), kind)


def read(value: Any, kind: Kind | None) -> Answer | None:
    """Return what a picked output says; None where nothing in it may be read."""
    if isinstance(value, Picked):
        outputs = {name: _read_one(one, kind) for name, one in value.items()}
        return Named(tuple((name, one) for name, one in outputs.items() if not isinstance(one, (Results, type(None)))))
    return _read_one(value, kind)


def read_streamed(streamed: Streamed, kind: Kind | None) -> Answer | None:
    """Return what a streamed answer says: what was kept of its pieces, else how many there were."""
    kept = streamed.kept
    if not kept:
        return Results([streamed.pieces])
    if isinstance(kept[0], Picked):
        return read(Picked({name: [piece[name] for piece in kept] for name in kept[0]}), kind)
    return read(kept, kind)


def _read_one(value: Any, kind: Kind | None) -> Scores | Labels | Probabilities | Results | None:
    if kind is None:
        kind = _kind_of(value)
    if kind == "score":
        return Scores(value)
    if kind == "probability":
        return Probabilities(value)
    if kind == "label":
        return Labels(value)
    return _results(value) if kind == "results" else None


def _kind_of(value: Any) -> Kind | None:
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if isinstance(kind, str):
        return "label" if kind == "b" else "score" if kind in "iuf" else None
    if isinstance(value, bool):
        return "label"
    if isinstance(value, numbers.Real):
        return "score"
    if not isinstance(value, (list, tuple)):
        return None
    if value and all(isinstance(one, bool) for one in value):
        return "label"
    return "score" if value and all(isinstance(one, numbers.Real) for one in value) else "results"


def _results(value: Any) -> Results:
    results = () if value is None else value
    return Results([len(results)], items=[list(results)] if isinstance(results, (list, tuple)) else None)


def _whole(answer: Any) -> Any:
    return answer


def _at(path: str) -> Callable[[Any], Any]:
    names = path.split(".")

    def pick(answer: Any) -> Any:
        for name in names:
            answer = answer[name] if isinstance(answer, Mapping) else getattr(answer, name)
        return answer

    return pick
