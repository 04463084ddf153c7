"""Series of all metrics of a model at random, in the notation of promtool's tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np
from attrs import frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.recording.values import boundaries
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.config.buckets import DURATION, PROBABILITY

STEPS = 12
"""Samples an hour, one in five minutes: two in the shortest window."""
RANDOM = 20240701

Labels = Mapping[str, str]


@frozen
class MadeUp:
    """Telemetry of some hours of a model, of two services of it, in two versions and by segment."""

    subject: Subject
    hours: int

    def series(self) -> Iterator[dict[str, str]]:
        """Return all series."""
        random = np.random.default_rng(RANDOM)
        for place, labels in enumerate(self._labels()):
            for metric, own, size in self._metrics(place):
                yield self._series(random, metric, {**labels, **own}, size)
        for labels in ({names.JOB: "first", names.MODEL: self.subject.name},):
            info = {**labels, names.VERSION: "1", names.FINGERPRINT: "abc"}
            yield {"series": f"{names.MODEL_INFO}{_text(info)}", "values": f"1x{self.hours * STEPS}"}

    def _labels(self) -> Iterator[Labels]:
        rule, baseline = self.subject.rule, self.subject.baseline
        operation = "predict" if baseline is None or baseline.operation is None else baseline.operation
        keys = (*rule.segments.row_keys, *rule.segments.call_wide_keys)
        segments = [[(names.segment(key), value) for value in ("one", "two")] for key in keys]
        for job, version, *segment in product(("first", "second"), ("1", "2"), *segments):
            fixed = {names.JOB: job, names.MODEL: self.subject.name, names.OPERATION: operation, names.VERSION: version}
            yield {**fixed, **dict(segment)}

    def _metrics(self, place: int) -> Iterator[tuple[str, Labels, int]]:
        """Return metrics, their own labels, and how many they count an hour at most."""
        baseline = self.subject.baseline
        values = () if baseline is None else baseline.values
        for output in [histogram.name for histogram in values] or [None]:
            own = {} if output is None else {names.OUTPUT: output}
            yield from _histogram(names.VALUE, own, boundaries(self.subject) or PROBABILITY.boundaries)
        yield from _histogram(names.CONFIDENCE, {}, PROBABILITY.boundaries)
        yield from _histogram(names.DURATION, {}, DURATION.boundaries)
        # Half of the services have never had a mark: those series are not there.
        marks = 2 if place % 2 else 1
        yield from ((names.PREDICTIONS, {names.CLASS: name}, 500) for name in ("0", "1"))
        for check, outcome in product(
            [check.name for check in self.subject.rule.checks], ("pass", "fail", "missing")[:marks]
        ):
            yield names.CHECKS, {names.CHECK: check, names.OUTCOME: outcome}, 300
        for column, state in product(
            [given.column for given in self.subject.rule.inputs], ("ok", "missing", "out_of_range")[:marks]
        ):
            yield names.INPUT_VALUES, {names.INPUT: column, names.STATE: state}, 300
        if place % 2:
            yield from _histogram(names.DURATION, {names.ERROR: "ValueError"}, DURATION.boundaries)
            yield names.MONITOR_DROPPED, {names.REASON: "combinations"}, 20
            yield names.MONITOR_ERRORS, {names.STAGE: "segment", names.ERROR: "KeyError"}, 20

    def _series(self, random: np.random.Generator, metric: str, labels: Labels, size: int) -> dict[str, str]:
        # Begins high: Prometheus thinks of a counter near 0 that it began within the window.
        total, parts = 10**7, [str(10**7)]
        for step in random.integers(0, size // STEPS + 1, self.hours):
            parts.append(f"{total + step}+{step}x{STEPS - 1}")
            total += STEPS * int(step)
        return {"series": f"{metric}{_text(labels)}", "values": " ".join(parts)}


def _histogram(metric: str, own: Labels, ends: tuple[float, ...]) -> Iterator[tuple[str, Labels, int]]:
    # At random each by itself, so a bucket may count less than the one below it: to arithmetic that is all the same.
    for place, end in enumerate([*(f"{end:.0f}.0" if end == int(end) else str(end) for end in ends), "+Inf"]):
        yield f"{metric}_bucket", {**own, names.LE: end}, 200 * (place + 1)
    yield f"{metric}_count", own, 200 * (len(ends) + 1)
    yield f"{metric}_sum", own, 400


def _text(labels: Labels) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{{{inside}}}"
