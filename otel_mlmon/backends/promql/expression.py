"""The pieces of PromQL that rules are made of.

Arithmetic of Python makes arithmetic of PromQL: ``Selector("a") / 2``. Whatever matches labels is said in words:
``Selector("a").over(Selector("b"), on("job"))``.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from attrs import frozen

Operand: TypeAlias = "Expression | float"


class Expression:
    """Any PromQL."""

    def __add__(self, other: Operand) -> Expression:
        return Binary("+", self, piece(other))

    def __sub__(self, other: Operand) -> Expression:
        return Binary("-", self, piece(other))

    def __mul__(self, other: Operand) -> Expression:
        return Binary("*", self, piece(other))

    def __rmul__(self, other: float) -> Expression:
        return Binary("*", Number(other), self)

    def __rsub__(self, other: float) -> Expression:
        return Binary("-", Number(other), self)

    def __truediv__(self, other: Operand) -> Expression:
        return Binary("/", self, piece(other))

    def __rtruediv__(self, other: float) -> Expression:
        return Binary("/", Number(other), self)

    def plus(self, other: Expression, matching: Matching) -> Expression:
        """Add series of the same labels."""
        return Binary("+", self, other, matching)

    def minus(self, other: Expression, matching: Matching) -> Expression:
        """Subtract series of the same labels."""
        return Binary("-", self, other, matching)

    def times(self, other: Expression, matching: Matching) -> Expression:
        """Multiply with series of the same labels."""
        return Binary("*", self, other, matching)

    def over(self, other: Expression, matching: Matching) -> Expression:
        """Divide by series of the same labels."""
        return Binary("/", self, other, matching)

    def above(self, other: Operand, matching: Matching | None = None) -> Expression:
        """Keep the series whose value is greater."""
        return Binary(">", self, piece(other), matching)

    def at_least(self, other: Operand, matching: Matching | None = None) -> Expression:
        """Keep the series whose value is not smaller."""
        return Binary(">=", self, piece(other), matching)

    def below(self, other: Operand, matching: Matching | None = None) -> Expression:
        """Keep the series whose value is smaller."""
        return Binary("<", self, piece(other), matching)

    def where(self, other: Expression, matching: Matching | None = None) -> Expression:
        """Keep the series that have a partner."""
        return Binary("and", self, other, matching)

    def unless(self, other: Expression, matching: Matching | None = None) -> Expression:
        """Keep the series that have no partner."""
        return Binary("unless", self, other, matching)

    def otherwise(self, other: Expression, matching: Matching | None = None) -> Expression:
        """Add the series of the other that have no partner here."""
        return Binary("or", self, other, matching)


@frozen
class Number(Expression):
    """A constant."""

    value: float


@frozen
class Text(Expression):
    """A text, as an argument."""

    value: str


@frozen
class Matcher:
    """What a label must be."""

    label: str
    value: str
    operator: Literal["=", "!=", "=~", "!~"] = "="


@frozen
class Selector(Expression):
    """Series by their name and labels.

    Attributes
    ----------
    window
        Seconds of a range vector; None for an instant vector.
    offset
        Seconds by which it lies in the past.
    """

    metric: str
    matchers: tuple[Matcher, ...] = ()
    window: int | None = None
    offset: int = 0


@frozen
class Subquery(Expression):
    """An expression evaluated again and again: a range vector of ``window`` seconds, a sample each ``step``."""

    operand: Expression
    window: int
    step: int
    offset: int = 0


@frozen
class Call(Expression):
    """A function of arguments."""

    function: str
    arguments: tuple[Expression, ...]


@frozen
class Aggregation(Expression):
    """Series joined to fewer.

    Attributes
    ----------
    labels
        Those kept, or dropped, as ``clause`` says.
    parameter
        The first argument of ``topk`` and the like.
    """

    operator: str
    operand: Expression
    labels: tuple[str, ...] = ()
    clause: Literal["by", "without"] = "by"
    parameter: Expression | None = None


@frozen
class Matching:
    """Which series of both sides belong together.

    Attributes
    ----------
    group
        The side that may have several for one of the other.
    include
        Labels that the one gives to the many.
    """

    labels: tuple[str, ...]
    clause: Literal["on", "ignoring"] = "on"
    group: Literal["left", "right"] | None = None
    include: tuple[str, ...] = ()

    def many(self) -> Matching:
        """Return the same for a left side with several series for one of the right."""
        return Matching(self.labels, self.clause, "left", self.include)


@frozen
class Binary(Expression):
    """Two expressions and what joins them."""

    operator: str
    left: Expression
    right: Expression
    matching: Matching | None = None


SECOND: Final = 1
MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400
WEEK: Final = 604800


def piece(operand: Operand) -> Expression:
    """Return an expression as it is, and a number as one."""
    return operand if isinstance(operand, Expression) else Number(operand)


def on(*labels: str) -> Matching:
    """Match by these labels."""
    return Matching(labels)


def call(function: str, *arguments: Operand | str) -> Call:
    """Call a function."""
    return Call(function, tuple(Text(each) if isinstance(each, str) else piece(each) for each in arguments))


def aggregated(operator: str, operand: Expression, *labels: str) -> Aggregation:
    """Join series, keeping these labels."""
    return Aggregation(operator, operand, labels)


def dropping(operator: str, operand: Expression, *labels: str) -> Aggregation:
    """Join series, dropping these labels."""
    return Aggregation(operator, operand, labels, "without")


def labelled(operand: Expression, label: str, value: str) -> Expression:
    """Give all series a label."""
    return call("label_replace", operand, label, value, "", "")


def any_of(parts: tuple[Expression, ...]) -> Expression:
    """Return the series of all parts; the first of two of the same labels."""
    first, *more = parts
    for part in more:
        first = first.otherwise(part)
    return first
