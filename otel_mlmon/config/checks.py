"""What can be configured of quality checks: rules that people can explain, a line each.

A rule names what is *bad*: a prediction that fits it fails the check.
"""

from __future__ import annotations

from enum import Enum

import attrs
from attrs import field, frozen, validators

from otel_mlmon.config.validating import dotted, interval, not_empty

Scalar = str | int | float | bool
_share = validators.optional([validators.ge(0.0), validators.le(1.0)])
_positive = validators.optional(validators.gt(0))


class Direction(Enum):
    """Where a score must not go while an input rises."""

    RISING = "rising"
    """The score must not fall."""
    FALLING = "falling"
    """The score must not rise."""


@frozen
class Ambiguous:
    """No class is clearly the most probable one: its probability, or its margin over the second, is too small."""

    confidence: float | None = field(default=None, validator=_share)
    margin: float | None = field(default=None, validator=_share)


@frozen
class RankOf:
    """A known item is not among the first ``within`` results.

    ``item`` is a key of :func:`otel_mlmon.context`, or an input column, with the item, such as the user's favourite.
    """

    item: str = field(default="", validator=validators.min_len(1))
    within: int = field(default=5, validator=validators.ge(1))


@frozen
class Changed:
    """The answer for a key differs from the previous one for the same key: from a context key, or an input column."""

    key: str = field(default="", validator=validators.min_len(1))
    tolerance: float = field(default=0.0, validator=validators.ge(0.0))


@frozen
class Monotone:
    """Raising one input makes the score go the wrong way: asked of the model again, later, for a share of the calls."""

    input: str | int = ""
    step: float = field(default=1.0, validator=validators.gt(0.0))
    direction: Direction = Direction.RISING
    share: float = field(default=0.01, validator=[validators.gt(0.0), validators.le(1.0)])


@frozen
class AgreesWith:
    """The answer differs from that of a function of the same inputs, or of another model for the same key."""

    call: str | None = field(default=None, validator=dotted)
    model: str | None = None
    key: str | None = None
    tolerance: float = field(default=0.0, validator=validators.ge(0.0))


@frozen
class Fallback:
    """The results are those that everybody gets: named here, or by a function that returns them."""

    items: tuple[Scalar, ...] | None = field(default=None, validator=not_empty)
    call: str | None = field(default=None, validator=dotted)


@frozen
class Rule:
    """Just one of these.

    Attributes
    ----------
    above, below, between, outside
        Of the value.
    missing
        None, NaN, an empty list, an empty text.
    constant
        So many calls after each other had the same answer to different inputs.
    class_in
        The predicted class is one of these.
    count_below
        Fewer results.
    contains_any
        One of these is among the results.
    duplicate_share
        A larger share of the results stands twice.
    fallback
        The results are the popular items, or the class is the one that everybody gets.
    latency_above
        Seconds of the call.
    """

    above: float | None = None
    below: float | None = None
    between: tuple[float, ...] | None = field(default=None, validator=interval)
    outside: tuple[float, ...] | None = field(default=None, validator=interval)
    missing: bool | None = None
    constant: int | None = field(default=None, validator=validators.optional(validators.ge(2)))
    class_in: tuple[Scalar, ...] | None = field(default=None, validator=not_empty)
    ambiguous: Ambiguous | None = None
    count_below: int | None = field(default=None, validator=_positive)
    rank_of: RankOf | None = None
    contains_any: tuple[Scalar, ...] | None = field(default=None, validator=not_empty)
    duplicate_share: float | None = field(default=None, validator=_share)
    fallback: Fallback | None = None
    changed: Changed | None = None
    monotone: Monotone | None = None
    agrees_with: AgreesWith | None = None
    latency_above: float | None = field(default=None, validator=_positive)

    @property
    def kind(self) -> str | None:
        """The name of the one thing that is said; None where nothing, or more than one, is."""
        said = [name for name, value in attrs.asdict(self, recurse=False).items() if value is not None]
        return said[0] if len(said) == 1 else None


def _one_thing(_instance: object, _attribute: object, value: Rule | None) -> None:
    if value is not None and value.kind is None:
        message = f"must say just one of {', '.join(attribute.name for attribute in attrs.fields(Rule))}"
        raise ValueError(message)


@frozen
class Check:
    """A quality check of a model's predictions.

    Attributes
    ----------
    name
        Becomes ``ml.quality.check``.
    rule, call
        What is bad, or the place of a function that tells; one of them.
    output
        Which of several outputs the rule is about; default: each.
    usual
        The share of predictions that usually fails; default: the back end's history tells.
    budget
        Seconds that a function may take a call on average; beyond it, it is asked about some calls only.
    """

    name: str = field(default="", validator=validators.min_len(1))
    rule: Rule | None = field(default=None, validator=_one_thing)
    call: str | None = field(default=None, validator=dotted)
    output: str | None = None
    usual: float | None = field(default=None, validator=_share)
    budget: float = field(default=0.001, validator=validators.gt(0.0))
