"""Surprise: ratings that its algorithms estimate, and how often they cannot."""

from __future__ import annotations

import sys

from otel_mlmon.capture.adapter import Adapter, Call, Hook, Loader
from otel_mlmon.observe.answers import Answer, Estimates


def rating(call: Call) -> Answer:
    """``predict``: the rating, for an unknown user or item the mean of all that the library falls back on."""
    rated = call.answer
    return Estimates(sys.modules["numpy"].array([[rated.est, rated.details["was_impossible"]]]))


_ALGORITHM = "surprise.prediction_algorithms.algo_base:AlgoBase"

ADAPTER = Adapter(
    name="surprise",
    distributions=("scikit-surprise",),
    oldest="1.1.4",
    hooks=(
        Hook(f"{_ALGORITHM}.predict", rating),
        Hook(f"{_ALGORITHM}.fit", trains=True),
        # Of cross-validation and searches, too.
        Hook(f"{_ALGORITHM}.test", quiet=True),
    ),
    loaders=(Loader("surprise.dump:load"),),
)
