"""What a model's answers are, found out by asking it, or by looking at answers that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from attrs import frozen

from otel_mlmon import semconv
from otel_mlmon.cli.init.predictions import Answers
from otel_mlmon.cli.init.profile import MIDDLE, ColumnProfile
from otel_mlmon.cli.init.rounding import about, readable_boundaries
from otel_mlmon.cli.init.table import ColumnKind
from otel_mlmon.config.buckets import PROBABILITY
from otel_mlmon.config.schema import Output, OutputKind
from otel_mlmon.observe.arrays import Floats
from otel_mlmon.observe.rows import MAX_OUTPUTS

MAX_CLASSES: Final = 20
"""Whole numbers of no more different values are labels, or counts that deserve a bucket each."""


@frozen
class Described:
    """What is configured of a model's output, and from where it is known."""

    output: Output
    why: str
    why_boundaries: str = ""
    why_class: str = ""


def output_of_model(answers: Answers, classes: Any, source: str) -> Described:
    """Return what a model answers with.

    Parameters
    ----------
    answers
        On a sample.
    classes
        That the model says it has; None where it says none.
    source
        The data's name.
    """
    operation = answers.of(semconv.PREDICTION_DURATION)[0].attributes[semconv.OPERATION]
    what = f"{operation} of {source}"
    values = answers.of(semconv.PREDICTION_VALUE)
    if answers.of(semconv.RESULT_COUNT):
        return Described(Output(), f"{what}: lists of results")
    # Of very many classes none has a distribution of its own, unless it is named.
    are_probabilities = (
        values[0].boundaries == PROBABILITY.boundaries if values else bool(answers.of(semconv.PREDICTION_CONFIDENCE))
    )
    if not values and not are_probabilities:
        return _labels(answers, what)
    numbers = None if answers.numbers is None else answers.numbers[np.isfinite(answers.numbers)]
    if are_probabilities or (numbers is not None and _are_shares(numbers)):
        return _probabilities(answers, classes, what)
    if numbers is None or not len(numbers):
        return Described(Output(kind=OutputKind.SCORE), what)
    if _are_labels(numbers):
        return Described(Output(kind=OutputKind.LABEL), f"{what}: {len(np.unique(numbers))} whole numbers")
    return _scores(np.quantile(numbers, MIDDLE).tolist(), float(numbers.min()), what)


def output_of_column(column: ColumnProfile, source: str) -> Described:
    """Return what the predictions are that stand in a column."""
    what = f"{column.name} of {source}"
    if column.kind is not ColumnKind.NUMBER or not column.present:
        return Described(Output(kind=OutputKind.LABEL), what)
    if column.is_whole and column.distinct <= MAX_CLASSES:
        return Described(Output(kind=OutputKind.LABEL), f"{what}: {column.distinct} whole numbers")
    if column.least >= 0.0 and column.most <= 1.0:
        return Described(Output(kind=OutputKind.PROBABILITY), f"{what}: all from 0 to 1")
    return _scores([column.quantile(at) for at in MIDDLE], column.least, what)


def _labels(answers: Answers, what: str) -> Described:
    if not answers.of(semconv.PREDICTIONS):
        return Described(Output(), f"{what}: no numbers and no labels")
    labels = {point.attributes[semconv.PREDICTION_CLASS] for point in answers.of(semconv.PREDICTIONS)}
    return Described(Output(kind=OutputKind.LABEL), f"{what}: {len(labels)} classes")


def _probabilities(answers: Answers, classes: Any, what: str) -> Described:
    known = [] if classes is None else [_plain(label) for label in classes]
    if any(not isinstance(label, (str, int, float, bool)) for label in known):
        known = []
    if len(known) == 2:
        why = f"whose probability is recorded; the other class is {known[0]!r}"
        return Described(Output(kind=OutputKind.PROBABILITY, positive_class=known[1]), what, why_class=why)
    if len(known) > MAX_OUTPUTS:
        counted: Counter[str] = Counter()
        for point in answers.of(semconv.PREDICTIONS):
            counted[point.attributes[semconv.PREDICTION_CLASS]] += int(point.total)
        frequent = tuple(label for label, _ in counted.most_common(MAX_OUTPUTS))
        why = f"the most frequent of {len(known)}: these have a distribution each"
        return Described(Output(kind=OutputKind.PROBABILITY, classes=frequent), what, why_class=why)
    return Described(Output(kind=OutputKind.PROBABILITY), what)


def _scores(quantiles: Sequence[float], least: float, what: str) -> Described:
    boundaries = readable_boundaries(quantiles, least)
    output = Output(kind=OutputKind.SCORE, boundaries=boundaries)
    low, median, high = (about(quantiles[place]) for place in (0, len(quantiles) // 2, -1))
    why = f"99.8 % are from about {low} to {high}, half of them below {median}"
    return Described(output, what, why_boundaries=why)


def _are_shares(numbers: Floats) -> bool:
    return bool(len(numbers)) and bool(((numbers >= 0) & (numbers <= 1)).all()) and bool((numbers % 1 != 0).any())


def _are_labels(numbers: Floats) -> bool:
    return bool((numbers % 1 == 0).all()) and len(np.unique(numbers)) <= MAX_CLASSES


def _plain(label: Any) -> Any:
    return label.item() if isinstance(label, np.generic) else label
