"""How what a model returned is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen


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
        Anything of shape (rows, classes) that numpy can read, or of shape (rows,) for the second of two classes, or a
        list of these, one an output.
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
