"""What can be configured of a model's inputs: for named columns only."""

from __future__ import annotations

from enum import Enum

from attrs import field, frozen

from otel_mlmon.config.checks import Scalar
from otel_mlmon.config.validating import Bounds, MisplacedError, ascending, interval, not_empty


class ColumnType(Enum):
    """What the values of a column are."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"


_PLURALS = {
    ColumnType.NUMBER: "numbers",
    ColumnType.TEXT: "texts",
    ColumnType.BOOLEAN: "truth values",
    ColumnType.TIME: "times",
}


def _categories(instance: object, attribute: object, value: tuple[Scalar, ...] | None) -> None:
    not_empty(instance, attribute, value)
    kinds = {_type_of(category) for category in value or ()}
    if {ColumnType.BOOLEAN, ColumnType.TEXT} <= kinds:
        message = "has texts and truth values; YAML reads a bare yes, no, on, off as a truth value: put it into quotes"
        raise ValueError(message)


@frozen
class Input:
    """One column that is watched.

    Attributes
    ----------
    column
        Name, or index from 0.
    range
        The least and the largest value that is all right.
    categories
        The values that are all right.
    type
        What its values are; default: what the other keys are about, else they may be anything.
    max_age
        Seconds by which a time may be past.
    boundaries
        Of the buckets of a histogram of its values; default: there is none.
    """

    column: str | int = ""
    range: tuple[float, ...] | None = field(default=None, validator=interval)
    categories: tuple[Scalar, ...] | None = field(default=None, validator=_categories)
    type: ColumnType | None = None
    max_age: float | None = field(default=None, validator=Bounds(above=0))
    boundaries: tuple[float, ...] | None = field(default=None, validator=ascending)

    def __attrs_post_init__(self) -> None:
        if self.column == "" or (isinstance(self.column, int) and self.column < 0):
            message = "must say which column it is about: column: a name, or an index from 0"
            raise ValueError(message)
        said = self._said()
        for key, kind in said[1:]:
            if kind is not said[0][1]:
                message = (
                    f"'{said[0][0]}' is about {_PLURALS[said[0][1]]} and '{key}' about {_PLURALS[kind]}: "
                    f"a column has only one kind of values"
                )
                raise ValueError(message)

    @property
    def expected(self) -> ColumnType | None:
        """What its values must be, as all keys say together; None where they may be anything."""
        said = self._said()
        return said[0][1] if said else None

    def _said(self) -> list[tuple[str, ColumnType]]:
        said = [] if self.type is None else [("type", self.type)]
        about = (("range", ColumnType.NUMBER), ("boundaries", ColumnType.NUMBER), ("max_age", ColumnType.TIME))
        said += [(key, kind) for key, kind in about if getattr(self, key) is not None]
        kinds = sorted({_type_of(category) for category in self.categories or ()}, key=lambda kind: kind.value)
        if len(kinds) == 1 or said:
            said += [("categories", kind) for kind in kinds]
        return said


def _type_of(category: Scalar) -> ColumnType:
    if isinstance(category, bool):
        return ColumnType.BOOLEAN
    return ColumnType.TEXT if isinstance(category, str) else ColumnType.NUMBER


def each_once(_instance: object, _attribute: object, value: tuple[Input, ...]) -> None:
    """Take watched columns each of which stands once."""
    columns = [watched.column for watched in value]
    for place, column in enumerate(columns):
        if column in columns[:place]:
            message = f"column '{column}' stands twice in this model: say all of it in one place"
            raise MisplacedError(message, (place,))
