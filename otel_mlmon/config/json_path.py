"""Where in a JSON document something is: ``predictions.*.score``.

A few lines instead of jmespath: that would be one more package in every service, and a language of which a score's
place needs three words.
"""

from __future__ import annotations

from typing import Any

EVERY = "*"

NOT_OF_A_PATH = frozenset("[](){}$@'\"\\ \t\n")
"""Who writes these means another language."""


def check(path: str) -> None:
    """Check how a path is written.

    Raises
    ------
    ValueError
        It is none.
    """
    if not all(path.split(".")) or NOT_OF_A_PATH & set(path):
        message = (
            f"{path!r} should be keys with dots between, a number for one item of a list and * for all of them,"
            " such as predictions.*.score"
        )
        raise ValueError(message)


def find(document: Any, path: str) -> Any:
    """Return what is at a path; for each ``*`` a list.

    Raises
    ------
    LookupError
        There is nothing, be it in one item of a list only.
    """
    return _find(document, path.split("."))


def _find(node: Any, steps: list[str]) -> Any:
    if not steps:
        return node
    step, rest = steps[0], steps[1:]
    if isinstance(node, dict):
        return _find(node[step], rest)
    if isinstance(node, list) and step == EVERY:
        return [_find(item, rest) for item in node]
    if isinstance(node, list) and step.isdecimal():
        return _find(node[int(step)], rest)
    raise LookupError(step)
