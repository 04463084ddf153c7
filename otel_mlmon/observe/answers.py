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
    labels
        The class that the model chose for each row, shape (rows,), where it says so itself; None: the most probable.
    """

    values: Any
    classes: Any = None
    labels: Any = None


@frozen
class LogProbabilities:
    """The natural logarithms of :class:`Probabilities`."""

    values: Any
    classes: Any = None


OneOutput = Scores | Labels | Probabilities | LogProbabilities
"""What has one entry a row."""


@frozen
class Results:
    """What rankings, recommendations and searches returned, a query each.

    Attributes
    ----------
    counts
        How many results each query got, shape (queries,); 0 is an empty answer.
    top_scores
        Of each query's first result, shape (queries,): NaN where there is none; None where results have no scores.
    """

    counts: Any
    top_scores: Any = None


@frozen
class Named:
    """Several outputs of one call, each with a name and all with one entry a row.

    Attributes
    ----------
    outputs
        Names, which become ``ml.output.name``, and what each output is.
    """

    outputs: tuple[tuple[str, OneOutput], ...]


Answer = OneOutput | Results | Named
