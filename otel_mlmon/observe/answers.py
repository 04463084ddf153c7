"""How what a model returned is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

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
    confidence
        The probability of each row's label, shape (rows,), of a model that says no other; None where it says none.
    """

    values: Any
    confidence: Any = None


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


@frozen
class Estimates:
    """Numbers, some of which are no answer of the model but what its library falls back on, as it says itself.

    Attributes
    ----------
    values
        The number, and whether it is a fallback: shape (rows, 2).
    """

    values: Any


@frozen
class ResultTable:
    """What :class:`Results` says, as it is kept.

    Attributes
    ----------
    values
        How many results each query got, and the score of its best one: shape (queries, 2), or (queries, 1) where
        results have no scores; NaN where there is none.
    """

    values: Any


OneOutput = Scores | Labels | Probabilities | LogProbabilities | Estimates | ResultTable
"""What has one entry a row."""


def has_column_beside(answer: OneOutput) -> bool:
    """Tell whether something of one entry a row stands beside the values, and would have to go with them."""
    return getattr(answer, "labels", None) is not None or getattr(answer, "confidence", None) is not None


@frozen
class Results:
    """What rankings, recommendations and searches returned, a query each.

    Attributes
    ----------
    counts
        How many results each query got, shape (queries,), where 0 is an empty answer; or whether each of its results is
        one, booleans of shape (queries, results), for an answer of fixed width that is filled up.
    top_scores
        Of each query's best result, shape (queries,), or of each of its results, as ``best`` says; None where results
        have no scores. A query without a result has no top score, whatever stands there.
    best
        ``first``: the scores of each query are in order, shape (queries, results). ``smallest``, ``largest``: they are
        in none, one query after the other, shape (results,), or an array of arrays, shape (queries,).
    items
        What the results are, best first, for checks to look at: identifiers of shape (queries, results), or a list of
        lists; None where that is not known. They never leave.
    """

    counts: Any
    top_scores: Any = None
    best: Literal["first", "smallest", "largest"] = "first"
    items: Any = None


@frozen
class Named:
    """Several outputs of one call, each with a name and all with one entry a row.

    Attributes
    ----------
    outputs
        Names, which become ``ml.output.name``, and what each output is; None names the main one, beside which others
        say more of the same answer.
    """

    outputs: tuple[tuple[str | None, OneOutput], ...]


@frozen
class RowsOnly:
    """Rows of which nothing is to be said but how many they are: embeddings, images, text."""

    count: int


Answer = OneOutput | Results | Named | RowsOnly
