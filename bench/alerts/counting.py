"""The telemetry of answered questions, as Prometheus names it: what each series grows by in each minute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from bench.alerts.answers import STATES, Answers
from bench.alerts.flights import ORIGINS
from otel_mlmon import semconv
from otel_mlmon.config.buckets import DURATION, PROBABILITY

JOB = "flights"
MODEL = "flight-delay"
OPERATION = "predict_proba"
VERSIONS = ("1", "2")

Labels = Mapping[str, str]
Growth = NDArray[np.float64]
"""By minute, shape (steps,)."""


@frozen(eq=False)
class Series:
    """A cumulative series.

    Attributes
    ----------
    growth
        What the events of each minute add.
    first
        Minute of the first event, with which the series begins to exist; those of a histogram begin together.
    """

    labels: Labels
    growth: Growth
    first: int


@frozen(eq=False)
class _Cut:
    """The answers of one version for one origin, and the labels of both."""

    labels: Labels
    minute: NDArray[np.int64]
    steps: int
    chosen: NDArray[np.int64] = field(repr=False)

    def counts(self, codes: NDArray[np.int64], kinds: int) -> NDArray[np.int64]:
        """Return how many of each kind there are in each minute, shape (steps, kinds)."""
        cells = np.bincount(self.minute * kinds + codes, minlength=self.steps * kinds)
        return cells.reshape(self.steps, kinds)

    def counters(
        self, metric: str, key: str, names: tuple[str, ...], codes: NDArray[np.int64], **more: str
    ) -> Iterator[Series]:
        """Return a counter for each kind that occurs."""
        counts = self.counts(codes, len(names))
        for place, name in enumerate(names):
            growth = counts[:, place].astype(np.float64)
            if growth.any():
                yield Series(
                    {"__name__": metric, **self.labels, **more, key: name}, growth, int(np.flatnonzero(growth)[0])
                )

    def histogram(self, metric: str, boundaries: tuple[float, ...], values: NDArray[np.float64]) -> Iterator[Series]:
        """Return the buckets, the sum and the count."""
        counts = self.counts(np.searchsorted(boundaries, values, side="left"), len(boundaries) + 1)
        below = counts.cumsum(axis=1)
        first = int(self.minute[0])
        for place, bound in enumerate((*boundaries, np.inf)):
            labels = {"__name__": f"{metric}_bucket", **self.labels, "le": le(bound)}
            yield Series(labels, below[:, place].astype(np.float64), first)
        total = np.bincount(self.minute, weights=values, minlength=self.steps)
        yield Series({"__name__": f"{metric}_sum", **self.labels}, total, first)
        yield Series({"__name__": f"{metric}_count", **self.labels}, below[:, -1].astype(np.float64), first)


def count(answers: Answers, start: int, steps: int) -> Iterator[Series]:
    """Return the series that the answers make grow, from the minute ``start`` on."""
    for version, name in enumerate(VERSIONS):
        for origin, airport in enumerate(ORIGINS):
            chosen = np.flatnonzero((answers.questions.version == version) & (answers.origin == origin))
            if len(chosen):
                labels = {
                    "job": JOB,
                    label(semconv.MODEL_NAME): MODEL,
                    label(semconv.MODEL_VERSION): name,
                    label(semconv.OPERATION): OPERATION,
                    label(semconv.SEGMENT_PREFIX + "origin"): airport,
                }
                yield from _of(_Cut(labels, answers.questions.minute[chosen] - start, steps, chosen), answers)


def _of(cut: _Cut, answers: Answers) -> Iterator[Series]:
    score = answers.score[cut.chosen]
    seconds = answers.questions.seconds[cut.chosen]
    yield from cut.histogram(label(semconv.PREDICTION_DURATION) + "_seconds", DURATION.boundaries, seconds)
    yield from cut.histogram(label(semconv.PREDICTION_VALUE), PROBABILITY.boundaries, score)
    confidence = np.maximum(score, 1 - score)
    yield from cut.histogram(label(semconv.PREDICTION_CONFIDENCE), PROBABILITY.boundaries, confidence)

    likelier = (score > 1 - score).astype(np.int64)
    yield from cut.counters(_total(semconv.PREDICTIONS), label(semconv.PREDICTION_CLASS), ("0", "1"), likelier)
    yield from _checks(cut, answers.fails)
    yield from _inputs(cut, answers)


def _checks(cut: _Cut, fails: Mapping[str, NDArray[np.bool_]]) -> Iterator[Series]:
    outcomes = (semconv.OUTCOME_PASS, semconv.OUTCOME_FAIL)
    for name, failed in fails.items():
        yield from cut.counters(
            _total(semconv.QUALITY_CHECKS),
            label(semconv.QUALITY_OUTCOME),
            outcomes,
            failed[cut.chosen].astype(np.int64),
            **{label(semconv.QUALITY_CHECK): name},
        )


def _inputs(cut: _Cut, answers: Answers) -> Iterator[Series]:
    key = label(semconv.INPUT_STATE)
    problem = np.zeros(len(cut.chosen), dtype=np.int64)
    for column, states in answers.states.items():
        state = states[cut.chosen].astype(np.int64)
        problem |= state != 0
        more = {label(semconv.INPUT_NAME): column}
        yield from cut.counters(_total(semconv.INPUT_VALUES), key, STATES, state, **more)
    if answers.states:
        yield from cut.counters(_total(semconv.INPUT_ROWS), key, (semconv.STATE_OK, semconv.STATE_PROBLEM), problem)


def info(fingerprint: str, version: str) -> Labels:
    """Return the labels of the gauge that says which model is live."""
    return {
        "__name__": label(semconv.MODEL_INFO),
        "job": JOB,
        label(semconv.MODEL_NAME): MODEL,
        label(semconv.MODEL_VERSION): version,
        label(semconv.MODEL_FINGERPRINT): fingerprint,
        label(semconv.FRAMEWORK): "sklearn",
        label(semconv.MODEL_CLASS): "sklearn.pipeline.Pipeline",
    }


def label(name: str) -> str:
    """Return the name of a metric or an attribute as Prometheus writes it."""
    return name.replace(".", "_")


def le(bound: float) -> str:
    """Return a bucket's bound as Prometheus writes it when it comes over OTLP: the shortest text, and no exponent."""
    return "+Inf" if np.isinf(bound) else np.format_float_positional(bound, trim="-")


def _total(name: str) -> str:
    return label(name) + "_total"
