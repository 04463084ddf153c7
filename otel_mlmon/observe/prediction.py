"""What one call of a model was: the record that capturing hands to observing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import field, frozen

from otel_mlmon.config.schema import ModelRule
from otel_mlmon.observe.answers import Answer


@frozen
class Model:
    """Which model answered, as it appears on every metric.

    Attributes
    ----------
    name, version
        As configured, else from the file it was loaded from, else its class.
    is_remote
        Whether another process answers.
    rule
        What is configured for it.
    """

    name: str
    version: str | None
    framework: str
    model_class: str
    rule: ModelRule = field(factory=ModelRule)
    is_remote: bool = False


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
    returned
        What it returned, as it is.
    ask
        Asks the same method of the same model again, with other inputs; not counted.
    """

    answer: Answer | None
    inputs: Any
    seconds: float
    returned: Any = None
    ask: Callable[[Any], Any] | None = None
