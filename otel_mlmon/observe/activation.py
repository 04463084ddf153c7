"""Raw numbers of a network to probabilities, where the configuration says which function its last layer left out."""

from __future__ import annotations

import numpy as np

from otel_mlmon.config.schema import Activation
from otel_mlmon.observe.answers import Answer, Named, Probabilities, Scores
from otel_mlmon.observe.arrays import to_floats, to_table
from otel_mlmon.observe.labels import label_text


def activate(answer: Scores, activation: Activation) -> Answer:
    """Return what the numbers stand for; the answer itself where they cannot be read.

    ``softmax`` makes one distribution a row of shape (rows, classes). ``sigmoid`` makes the probability of the second
    of two classes of a column, and of several columns one probability each, for then each label stands by itself.
    """
    numbers = to_floats(answer.values)
    if numbers is None or not numbers.size:
        return answer
    if activation is Activation.SOFTMAX:
        shifted = np.exp(numbers - numbers.max(axis=-1, keepdims=True))
        return Probabilities(shifted / shifted.sum(axis=-1, keepdims=True), answer.names)
    # Of both signs without overflow: 1 / (1 + exp(-x)).
    halves = 0.5 * (1.0 + np.tanh(0.5 * numbers))
    table = to_table(halves)
    if table.shape[1] == 1:
        return Probabilities(table[:, 0])
    names = range(table.shape[1]) if answer.names is None else answer.names
    return Named(tuple((label_text(name), Probabilities(table[:, index])) for index, name in enumerate(names)))
