"""What can be configured. Every key has a default; the YAML keys are the attributes' names."""

from __future__ import annotations

from enum import Enum
from fnmatch import fnmatchcase

from attrs import evolve, field, frozen

from otel_mlmon.config import json_path
from otel_mlmon.config.alerts import Alerts
from otel_mlmon.config.checks import Check, each_name_once
from otel_mlmon.config.inputs import Input, each_once
from otel_mlmon.config.nearest import nearest
from otel_mlmon.config.review import Review
from otel_mlmon.config.segments import Segments
from otel_mlmon.config.validating import Bounds, MisplacedError, NotEmpty, Share, ascending


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


def _json_path(_instance: object, _attribute: object, value: str | None) -> None:
    if value is not None:
        json_path.check(value)


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
    """Which models a rule is for: shell patterns, all of which must fit; a key that is absent fits any model.

    Attributes
    ----------
    path
        Absolute path of the file that the model was loaded from: ``*/delay-*.joblib``.
    model_class
        ``LogisticRegression``, or with its module: ``sklearn.pipeline.Pipeline``.
    framework
        Name of the adapter: ``sklearn``, ``xgboost``, ….
    name
        What the model would be called without configuration.
    url
        Address of a model that another process serves.
    """

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
    """How a model's answers are read.

    Attributes
    ----------
    kind
        What plain numbers are; default: as the framework says.
    positive_class
        Of two classes, the one whose probability is recorded; default: the second.
    classes
        Whose probabilities are recorded; default: all, up to 10.
    activation
        What turns raw numbers into probabilities.
    path
        Where in a JSON answer the output is: ``predictions.*.score``.
    boundaries
        Of the buckets of the values.
    review_below
        Answers of lower confidence get ``ml.review`` on their span.
    """

    kind: OutputKind | None = None
    positive_class: str | int | float | bool | None = None
    classes: tuple[str, ...] = ()
    activation: Activation | None = None
    path: str | None = field(default=None, validator=_json_path)
    boundaries: tuple[float, ...] | None = field(default=None, validator=ascending)
    review_below: float | None = field(default=None, validator=Share())


@frozen
class ModelRule:
    """What is configured for the models that ``match`` names.

    Attributes
    ----------
    match
        Which models; the first rule that fits a model is the one for it.
    name
        Becomes ``ml.model.name``; default: the name of the model's file, else of its class.
    version
        Becomes ``ml.model.version``.
    output
        How answers are read.
    segments
        By what predictions are cut.
    inputs
        Columns that are watched.
    checks
        What is bad about an answer, a rule or a function each.
    review
        Which predictions are kept for a person to look at.
    alerts
        When generated alerts fire.
    baseline
        Path of the file that ``otel-mlmon init`` wrote of known data, from the folder of the configuration.
    """

    match: Match = Match()
    name: str | None = field(default=None, validator=NotEmpty())
    version: str | None = None
    output: Output = Output()
    segments: Segments = field(factory=Segments)
    inputs: tuple[Input, ...] = field(default=(), validator=each_once)
    checks: tuple[Check, ...] = field(default=(), validator=each_name_once)
    review: Review = field(factory=Review)
    alerts: Alerts = field(factory=Alerts)
    baseline: str | None = field(default=None, validator=NotEmpty())

    def __attrs_post_init__(self) -> None:
        known = [check.name for check in self.checks]
        for name in () if self.alerts.slo is None else self.alerts.slo.checks:
            if name not in known:
                message = f"this model has no check '{name}'{nearest(name, known)}"
                raise MisplacedError(message, ("alerts", "slo", "checks"))


@frozen
class Adapters:
    """Which adapters are applied; all of them where nothing is said.

    Attributes
    ----------
    only
        Of the adapters that observe models, these; models go on being named by those that observe none.
    without
        Adapters that are not applied.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = field(default=(), metadata={"key": "except"})


@frozen
class Limits:
    """Bounds on the number of time series, a model.

    Attributes
    ----------
    combinations, classes, models
        Held while a service runs: the rest is ``other``.
    series
        Looked at by ``otel-mlmon check``: attribute sets that a model may have in all its metrics.
    """

    combinations: int = field(default=200, validator=Bounds(least=1))
    classes: int = field(default=20, validator=Bounds(least=1))
    models: int = field(default=100, validator=Bounds(least=1))
    series: int = field(default=2000, validator=Bounds(least=1))


@frozen
class Configuration:
    """All of ``mlmon.yaml``.

    Attributes
    ----------
    enabled
        ``false`` leaves every framework untouched.
    spans
        Where a prediction leaves its trace: a span of its own, the caller's span, or nowhere.
    own_time
        Report what the instrumentation itself costs, as ``ml.monitor.time``.
    models
        A rule each; the first one that fits a model is the one for it.
    limits
        Bounds on the number of time series.
    adapters
        Which frameworks are observed.
    reload
        Read the file again, at an export, when it has changed: its models and limits hold from then on.
    runbooks
        Address below which the generated runbook pages are published: alerts link to them.
    """

    enabled: bool = True
    spans: Spans = Spans.CHILD
    own_time: bool = False
    models: tuple[ModelRule, ...] = ()
    limits: Limits = Limits()
    adapters: Adapters = Adapters()
    reload: bool = False
    runbooks: str | None = field(default=None, validator=NotEmpty())

    @property
    def has_url_rules(self) -> bool:
        """Whether any rule is for models by their address."""
        return any(rule.match.url is not None for rule in self.models)

    def url_pattern(self, url: str) -> str | None:
        """Return the pattern of the first rule for the address of a model; None where there is none."""
        patterns = (rule.match.url for rule in self.models)
        return next((pattern for pattern in patterns if pattern is not None and fnmatchcase(url, pattern)), None)

    def without_alerts(self) -> Configuration:
        """Return what a service that runs holds to: another threshold is no change to it."""
        models = tuple(evolve(rule, alerts=Alerts(), baseline=None) for rule in self.models)
        return evolve(self, models=models, runbooks=None)

    def rule_for(self, model: Identity) -> ModelRule:
        """Return the first rule that fits a model, or the rule of defaults."""
        return next((rule for rule in self.models if rule.match.fits(model)), ModelRule())
