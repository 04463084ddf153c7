"""What one call of a model was: the record that capturing hands to observing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from otel_mlmon.config.schema import ModelRule


@frozen
class ModelFile:
    """A file as it was when a model was loaded from it.

    Attributes
    ----------
    path
        Absolute.
    size
        In bytes.
    modified
        In nanoseconds since 1970.
    """

    path: str
    size: int
    modified: int


@frozen
class Model:
    """Which model answered, as it appears on every metric.

    Attributes
    ----------
    name, version
        As configured, else from the file it was loaded from, else its class.
    file
        That it was loaded from, where known.
    rule
        What is configured for it.
    """

    name: str
    version: str | None
    framework: str
    model_class: str
    file: ModelFile | None = None
    rule: ModelRule = field(factory=ModelRule)


@frozen
class Scores:
    """Numbers of any meaning: regressions, forecasts, decision values, densities.

    Attributes
    ----------
    values
        Anything of shape (rows,) or (rows, outputs) that numpy can read.
    names
        Of the outputs, when there are several; default: their indices.
    """

    values: Any
    names: Sequence[object] | None = None


@frozen
class Labels:
    """Classes, clusters, outlier labels.

    Attributes
    ----------
    values
        Anything of shape (rows,) or (rows, outputs) that numpy can read.
    """

    values: Any


@frozen
class Probabilities:
    """One distribution over classes a row.

    Attributes
    ----------
    values
        Anything of shape (rows, classes) that numpy can read, or a list of these, one an output.
    classes
        Their labels in the order of the columns, or a list of these, one an output; None: their indices.
    """

    values: Any
    classes: Any = None


@frozen
class LogProbabilities:
    """The natural logarithms of :class:`Probabilities`."""

    values: Any
    classes: Any = None


Answer = Scores | Labels | Probabilities | LogProbabilities


@frozen
class Prediction:
    """One answered call of a model.

    Attributes
    ----------
    answer
        What it returned, and how that is to be read; None where it cannot be.
    inputs
        What the model was given, as it was given.
    seconds
        How long the model took.
    """

    answer: Answer | None
    inputs: Any
    seconds: float
