"""What can be configured of quality checks: rules that people can explain, a line each.

A rule names what is *bad*: a prediction that fits it fails the check.
"""

from __future__ import annotations

from enum import Enum

import attrs
from attrs import field, frozen

from otel_mlmon.config.validating import Bounds, MisplacedError, Needed, Share, dotted, interval, not_empty, only_true

Scalar = str | int | float | bool
_share = Share()
_positive = Bounds(above=0)


class Direction(Enum):
    """Where a score must not go while an input rises."""

    RISING = "rising"
    """The score must not fall."""
    FALLING = "falling"
    """The score must not rise."""


@frozen
class Ambiguous:
    """No class is clearly the most probable one.

    Attributes
    ----------
    confidence
        Its probability is smaller than this.
    margin
        It is less than this above the second one.
    """

    confidence: float | None = field(default=None, validator=_share)
    margin: float | None = field(default=None, validator=_share)

    def __attrs_post_init__(self) -> None:
        if self.confidence is None and self.margin is None:
            message = "needs a confidence, or a margin over the second class: 'ambiguous: {confidence: 0.6}'"
            raise ValueError(message)


@frozen
class RankOf:
    """A known item is not among the first results.

    Attributes
    ----------
    item
        A key of :func:`otel_mlmon.context`, or an input column, with the item, such as the user's favourite.
    within
        So many are the first.
    """

    item: str = field(default="", validator=Needed("favourite"))
    within: int = field(default=5, validator=Bounds(least=1))


@frozen
class Changed:
    """The answer for a key differs from the previous one for the same key.

    Attributes
    ----------
    key
        A key of :func:`otel_mlmon.context`, or an input column, such as the user.
    tolerance
        By which numbers may differ.
    """

    key: str = field(default="", validator=Needed("user"))
    tolerance: float = field(default=0.0, validator=Bounds(least=0))


@frozen
class Monotone:
    """Raising one input makes the score go the wrong way: asked of the model again, later, for a share of the calls.

    Attributes
    ----------
    input
        The column, by its name or its index from 0.
    step
        By which it is raised.
    direction
        Of the score, as the input rises.
    share
        Of the calls.
    """

    input: str | int = field(default="", validator=Needed("income"))
    step: float = field(default=1.0, validator=Bounds(above=0))
    direction: Direction = Direction.RISING
    share: float = field(default=0.01, validator=[_share, _positive])


@frozen
class AgreesWith:
    """The answer differs from that of a function of the same inputs, or of another model for the same key.

    Attributes
    ----------
    call
        The function's place: ``shop.rules:baseline``.
    model, key
        The other model's name, and a key of :func:`otel_mlmon.context`, or an input column, that both answer for.
    tolerance
        By which numbers may differ.
    """

    call: str | None = field(default=None, validator=dotted)
    model: str | None = None
    key: str | None = None
    tolerance: float = field(default=0.0, validator=Bounds(least=0))

    def __attrs_post_init__(self) -> None:
        if (self.call is None) == (self.model is None):
            message = "needs the one that is asked, a function or a model: 'call: shop.rules:baseline'"
            raise ValueError(message)
        if (self.model is None) != (self.key is None):
            message = "needs a model and a key together, that both models answer for: 'model: challenger, key: request'"
            raise ValueError(message)


@frozen
class Fallback:
    """The results are those that everybody gets.

    Attributes
    ----------
    items
        These, best first.
    call
        The place of a function that returns them: ``shop.popular:items``.
    """

    items: tuple[Scalar, ...] | None = field(default=None, validator=not_empty)
    call: str | None = field(default=None, validator=dotted)

    def __attrs_post_init__(self) -> None:
        if (self.items is None) == (self.call is None):
            message = "needs either the items, or the function that returns them: 'items: [bread, milk]'"
            raise ValueError(message)


@frozen
class Rule:
    """Just one of these.

    Attributes
    ----------
    above, below
        The value is.
    between, outside
        The value is between, or outside of, these two.
    missing
        The answer is None, NaN, an empty list, or an empty text.
    constant
        So many calls after each other had the same answer to different inputs.
    class_in
        The predicted class is one of these.
    ambiguous
        No class is clearly the most probable one.
    count_below
        Fewer results.
    rank_of
        A known item is not among the first results.
    contains_any
        One of these is among the results.
    duplicate_share
        A larger share of the results stands twice.
    fallback
        The results are the popular items, or the class is the one that everybody gets.
    changed
        The answer for a key differs from the previous one for it.
    monotone
        Raising an input moves the score the wrong way.
    agrees_with
        A function, or another model, answers otherwise.
    latency_above
        Seconds of the call.
    """

    above: float | None = field(default=None, validator=Bounds())
    below: float | None = field(default=None, validator=Bounds())
    between: tuple[float, ...] | None = field(default=None, validator=interval)
    outside: tuple[float, ...] | None = field(default=None, validator=interval)
    missing: bool | None = field(default=None, validator=only_true)
    constant: int | None = field(default=None, validator=Bounds(least=2))
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
        said = self.said()
        return said[0] if len(said) == 1 else None

    def said(self) -> tuple[str, ...]:
        """Return the names of all that is said."""
        return tuple(name for name, value in attrs.asdict(self, recurse=False).items() if value is not None)


def _one_thing(_instance: object, _attribute: object, value: Rule | None) -> None:
    if value is None or value.kind is not None:
        return
    if value.said():
        message = f"says {' and '.join(value.said())}, and a rule says one thing: make it a check each"
    else:
        message = f"must say one of {', '.join(attribute.name for attribute in attrs.fields(Rule))}"
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

    name: str = field(default="", validator=Needed("extreme-score"))
    rule: Rule | None = field(default=None, validator=_one_thing)
    call: str | None = field(default=None, validator=dotted)
    output: str | None = None
    usual: float | None = field(default=None, validator=_share)
    budget: float = field(default=0.001, validator=_positive)

    def __attrs_post_init__(self) -> None:
        if self.rule is None and self.call is None:
            message = (
                f"check '{self.name}' asks nothing: give it a rule, such as 'rule: {{above: 0.99}}', "
                "or a function, such as 'call: shop.checks:favourite_rank'"
            )
            raise ValueError(message)
        if self.rule is not None and self.call is not None:
            message = f"check '{self.name}' has a rule and a call: make it two checks, or leave one out"
            raise ValueError(message)


def each_name_once(_instance: object, _attribute: object, value: tuple[Check, ...]) -> None:
    """Take checks each of which has a name of its own: it is what they are told apart by."""
    names = [check.name for check in value]
    for place, name in enumerate(names):
        if name in names[:place]:
            message = f"check '{name}' stands twice in this model: give it another name"
            raise MisplacedError(message, (place, "name"))
