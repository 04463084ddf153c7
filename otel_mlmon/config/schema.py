"""What can be configured. Every key has a default; the YAML keys are the attributes' names."""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase
from itertools import pairwise

from attrs import field, frozen, validators


class OutputKind(Enum):
    """What the numbers that a model answers with are."""

    PROBABILITY = "probability"
    SCORE = "score"
    LABEL = "label"


class Activation(Enum):
    """What turns the raw numbers that a network answers with into probabilities."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"


class Spans(Enum):
    """Where a prediction leaves its trace: a span of its own, the caller's span, or nowhere."""

    CHILD = "child"
    CURRENT = "current"
    OFF = "off"


def _ascending(_instance: object, _attribute: object, value: tuple[float, ...] | None) -> None:
    if value is not None and (len(value) == 0 or any(a >= b for a, b in pairwise(value))):
        message = "must be a list of numbers that increase"
        raise ValueError(message)


@frozen
class Identity:
    """What is known of a model before its configuration.

    Attributes
    ----------
    path
        Absolute path of the file that it was loaded from, where known.
    model_class
        With its module: ``sklearn.pipeline.Pipeline``.
    framework
        The adapter's name.
    name
        What it would be called without configuration.
    url
        Where it is, of a model that another process serves.
    """

    path: str | None
    model_class: str
    framework: str
    name: str
    url: str | None = None


@frozen
class Match:
    """Which models a rule is for: shell patterns, all of which must fit; a key that is absent fits any model."""

    path: str | None = None
    model_class: str | None = field(default=None, metadata={"key": "class"})
    framework: str | None = None
    name: str | None = None
    url: str | None = None

    def fits(self, model: Identity) -> bool:
        """Tell whether a model is meant."""
        known = (
            (self.path, (model.path,)),
            (self.model_class, (model.model_class, model.model_class.rpartition(".")[2])),
            (self.framework, (model.framework,)),
            (self.name, (model.name,)),
            (self.url, (model.url,)),
        )
        return all(
            pattern is None or any(value is not None and fnmatchcase(value, pattern) for value in values)
            for pattern, values in known
        )


@frozen
class Output:
    """How a model's answers are read."""

    kind: OutputKind | None = None
    positive_class: str | int | float | bool | None = None
    classes: tuple[str, ...] = ()
    activation: Activation | None = None
    boundaries: tuple[float, ...] | None = field(default=None, validator=_ascending)
    review_below: float | None = field(
        default=None, validator=validators.optional([validators.ge(0.0), validators.le(1.0)])
    )


@frozen
class Segments:
    """By which columns of the inputs a model's predictions are cut; the first key is the most important one."""

    columns: tuple[str | int, ...] = ()
    max_values: int = field(default=20, validator=validators.ge(1))


@frozen
class ModelRule:
    """What is configured for the models that ``match`` names."""

    match: Match = Match()
    name: str | None = field(default=None, validator=validators.optional(validators.min_len(1)))
    version: str | None = None
    output: Output = Output()
    segments: Segments = Segments()


@frozen
class Adapters:
    """Which adapters are applied; all of them where nothing is said."""

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = field(default=(), metadata={"key": "except"})

    def allow(self, name: str) -> bool:
        """Tell whether an adapter is applied."""
        return (not self.only or name in self.only) and name not in self.without


@frozen
class Limits:
    """Bounds on the number of time series, a model."""

    combinations: int = field(default=200, validator=validators.ge(1))
    classes: int = field(default=20, validator=validators.ge(1))
    models: int = field(default=100, validator=validators.ge(1))


@frozen
class Configuration:
    """All of ``mlmon.yaml``."""

    enabled: bool = True
    spans: Spans = Spans.CHILD
    own_time: bool = False
    models: tuple[ModelRule, ...] = ()
    limits: Limits = Limits()
    adapters: Adapters = Adapters()

    def has_rule_for_url(self, url: str) -> bool:
        """Tell whether a rule is for the address of a model."""
        return any(rule.match.url is not None and fnmatchcase(url, rule.match.url) for rule in self.models)

    def rule_for(self, model: Identity) -> ModelRule:
        """Return the first rule that fits a model, or the rule of defaults."""
        return next((rule for rule in self.models if rule.match.fits(model)), ModelRule())
