"""The baseline: how a model's answers were distributed on known data, in the buckets that it has in production.

It is made of counts only, so two of them add up, and none holds a row. The file is JSON:

    {
      "version": 1,
      "model": "flight-delay", "operation": "predict_proba", "source": "train.parquet", "rows": 100000,
      "values": [
        {"name": null, "boundaries": [0.0, 0.01, …],
         "total": {"sum": 24012.3, "counts": [0, 2210, …]},
         "segments": {"origin": {"EWR": {"sum": 9001.2, "counts": [0, 801, …]}, …}}}
      ],
      "confidence": [ as values ], "results": [ as values ],
      "classes": [{"name": null, "total": {"0": 81234, "1": 18766}, "segments": {"origin": {"EWR": {"0": …}}}}],
      "checks": [{"name": "extreme-score", "total": {"pass": 98701, "fail": 1299}, "segments": {…}}]
    }

``counts[i]`` is how many numbers are in ``(boundaries[i-1], boundaries[i]]``: there is one more than boundaries.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from attrs import field, frozen
from cattrs import BaseValidationError, Converter, transform_error
from cattrs.errors import ForbiddenExtraKeysError

VERSION: Final = 1

Tallies = dict[str, int]
"""Rows by class, or by outcome of a check."""


class BaselineError(ValueError):
    """A baseline that cannot be used: which file, which key, and why."""


@frozen
class Counts:
    """Numbers by bucket, and their sum."""

    sum: float
    counts: tuple[int, ...] = field()

    @counts.validator
    def _not_negative(self, _: object, counts: tuple[int, ...]) -> None:
        if any(count < 0 for count in counts):
            message = "counts must not be negative"
            raise ValueError(message)

    @property
    def rows(self) -> int:
        """How many numbers there are."""
        return sum(self.counts)

    def plus(self, other: Counts) -> Counts:
        """Return both together."""
        return Counts(self.sum + other.sum, tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)))


@frozen
class Histogram:
    """Numbers of one output.

    Attributes
    ----------
    name
        ``ml.output.name``; None for an only output.
    segments
        By segment key and its value. A key's values add up to the total.
    """

    name: str | None
    boundaries: tuple[float, ...] = field()
    total: Counts = field()
    segments: dict[str, dict[str, Counts]] = field()

    @boundaries.validator
    def _ascending(self, _: object, boundaries: tuple[float, ...]) -> None:
        if not boundaries or any(a >= b for a, b in pairwise(boundaries)):
            message = "boundaries must be numbers that increase"
            raise ValueError(message)

    @total.validator
    def _fits_total(self, _: object, total: Counts) -> None:
        self._fits("total", total)

    @segments.validator
    def _fits_segments(self, _: object, segments: dict[str, dict[str, Counts]]) -> None:
        for key, by_value in segments.items():
            for value, counts in by_value.items():
                self._fits(f"segments.{key}.{value}", counts)

    def _fits(self, where: str, found: Counts) -> None:
        if len(found.counts) != len(self.boundaries) + 1:
            message = f"{where} has {len(found.counts)} counts for {len(self.boundaries)} boundaries, and not one more"
            raise ValueError(message)

    def plus(self, other: Histogram) -> Histogram:
        """Return both together; of the same boundaries."""
        if self.boundaries != other.boundaries:
            message = f"output {_shown(self.name)} has other boundaries in one than in the other"
            raise BaselineError(message)
        segments = _merged(self.segments, other.segments, lambda a, b: _merged(a, b, Counts.plus))
        return Histogram(self.name, self.boundaries, self.total.plus(other.total), segments)


@frozen
class Tally:
    """Rows by class of one output, or by outcome of one check.

    Attributes
    ----------
    name
        ``ml.output.name``, where None is an only output, or ``ml.quality.check``.
    segments
        By segment key and its value.
    """

    name: str | None
    total: Tallies
    segments: dict[str, dict[str, Tallies]]

    def plus(self, other: Tally) -> Tally:
        """Return both together."""
        segments = _merged(self.segments, other.segments, lambda a, b: _merged(a, b, _added))
        return Tally(self.name, _added(self.total, other.total), segments)


@frozen
class Baseline:
    """What a model answered on known data.

    Attributes
    ----------
    model
        ``ml.model.name``.
    operation
        ``ml.operation``: the method that was asked; None where the predictions stood in the data.
    source
        The data's file, or files, as people know them.
    rows
        How many predictions were counted.
    values, confidence, results
        Of ``ml.prediction.value``, ``ml.prediction.confidence`` and ``ml.result.count``.
    classes, checks
        Of ``ml.predictions`` and ``ml.quality.checks``.
    """

    model: str
    operation: str | None
    source: str
    rows: int
    values: tuple[Histogram, ...] = ()
    confidence: tuple[Histogram, ...] = ()
    results: tuple[Histogram, ...] = ()
    classes: tuple[Tally, ...] = ()
    checks: tuple[Tally, ...] = ()
    version: int = VERSION


def merge(first: Baseline, second: Baseline) -> Baseline:
    """Return the baseline of the data of both.

    Raises
    ------
    BaselineError
        They are of different models or operations, or have different boundaries.
    """
    for what in ("model", "operation"):
        ours, theirs = getattr(first, what), getattr(second, what)
        if ours != theirs:
            message = f"baselines of different things do not add up: {what} is {_shown(ours)} and {_shown(theirs)}"
            raise BaselineError(message)
    return Baseline(
        model=first.model,
        operation=first.operation,
        source=first.source if first.source == second.source else f"{first.source}, {second.source}",
        rows=first.rows + second.rows,
        values=_joined(first.values, second.values),
        confidence=_joined(first.confidence, second.confidence),
        results=_joined(first.results, second.results),
        classes=_joined(first.classes, second.classes),
        checks=_joined(first.checks, second.checks),
    )


def load(file: str | Path) -> Baseline:
    """Read a baseline.

    Raises
    ------
    BaselineError
        The file cannot be read, or something in it is wrong: the message names the file and the key.
    """
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        message = f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise BaselineError(message) from error
    except ValueError as error:
        message = f"{file} is no JSON: {error}"
        raise BaselineError(message) from error
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        message = f"{file}: version: {_shown(version)} should be {VERSION}: it is of another otel-mlmon, or no baseline"
        raise BaselineError(message)
    try:
        return _CONVERTER.structure(document, Baseline)
    except (BaseValidationError, TypeError, ValueError) as error:
        problems = transform_error(error, path="", format_exception=_explained)
        message = "\n".join(f"{file}: {_place_first(problem)}" for problem in problems)
        raise BaselineError(message) from error


def dump(baseline: Baseline) -> str:
    """Return the file's text: a line a segment, so that versions of it can be compared."""
    document = _CONVERTER.unstructure(baseline)
    ordered = {"version": document.pop("version"), **document}
    return _text({key: value for key, value in ordered.items() if value != []}, "") + "\n"


class _Addable(Protocol):
    @property
    def name(self) -> str | None: ...

    def plus(self, other: Any) -> Any: ...


Part = TypeVar("Part", bound=_Addable)
Key = TypeVar("Key")
Value = TypeVar("Value")


def _joined(first: Iterable[Part], second: Iterable[Part]) -> tuple[Part, ...]:
    parts = {part.name: part for part in first}
    for part in second:
        known = parts.get(part.name)
        parts[part.name] = part if known is None else known.plus(part)
    return tuple(parts.values())


def _merged(first: Mapping[Key, Value], second: Mapping[Key, Value], plus: Any) -> dict[Key, Value]:
    both = {key: plus(value, second[key]) if key in second else value for key, value in first.items()}
    return {**both, **{key: value for key, value in second.items() if key not in first}}


def _added(first: Tallies, second: Tallies) -> Tallies:
    return _merged(first, second, int.__add__)


def _shown(name: object) -> str:
    return json.dumps(name, ensure_ascii=False)


def _text(value: Any, indent: str) -> str:
    """Return JSON in which whatever holds no mapping of its own stands on one line."""
    if not any(isinstance(item, dict) for item in _below(value)):
        return json.dumps(value, ensure_ascii=False)
    deeper = indent + "  "
    if isinstance(value, dict):
        lines = [f"{deeper}{_shown(key)}: {_text(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return "[\n" + ",\n".join(deeper + _text(item, deeper) for item in value) + f"\n{indent}]"


def _below(value: Any) -> Iterable[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        yield item
        yield from _below(item)


def _place_first(problem: str) -> str:
    text, _, place = problem.rpartition(" @ ")
    return f"{place.removeprefix('.') or 'baseline'}: {text}"


def _explained(error: BaseException, _kind: type | None) -> str:
    if isinstance(error, KeyError):
        return "is missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return f"unknown key {', '.join(sorted(map(repr, error.extra_fields)))}"
    return str(error)


def _strict(kind: type, name: str) -> Any:
    def take(value: Any, _kind: Any) -> Any:
        # JSON's true is no number, and "20" is none either.
        is_right = type(value) is kind or (kind is float and type(value) is int)
        if not is_right or (kind is float and not math.isfinite(value)):
            message = f"{value!r} should be {name}"
            raise TypeError(message)
        return kind(value)

    return take


def _new_converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind, name in ((str, "text"), (int, "a whole number"), (float, "a number")):
        converter.register_structure_hook(kind, _strict(kind, name))
    converter.register_unstructure_hook_func(lambda kind: getattr(kind, "__origin__", None) is tuple, _as_list)
    return converter


def _as_list(items: Any) -> list[Any]:
    return [item if isinstance(item, (int, float)) else _CONVERTER.unstructure(item) for item in items]


_CONVERTER = _new_converter()
