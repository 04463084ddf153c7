"""Traffic as it usually is: distributed as the baseline is, or made up where there is none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.recording.checks import known_shares
from otel_mlmon.backends.prometheus.recording.values import boundaries
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.unit_tests.traffic import Counter, Gauge, Labels, Numbers, Part, Traffic
from otel_mlmon.config.baseline import Histogram, Tally
from otel_mlmon.config.buckets import DURATION, PROBABILITY
from otel_mlmon.config.schema import OutputKind

JOB: Final = "service"
VERSION: Final = "1"
REST: Final = 9
"""Times that the rest of the traffic is as large as the first segment's."""
FAILS: Final = 0.05
"""Share of fails of a check of which nothing is known."""
OF_BUDGET: Final = 0.2
"""Share of the budget of an objective that is usually spent by the checks that it names."""
LATENCY: Final = (0.01, 0.025, 0.05)
"""Seconds, the ends of the buckets of the latency."""


@frozen
class Place:
    """A part of the traffic: one value of each segment key.

    Attributes
    ----------
    of_rows, of_calls
        Labels of metrics of rows, and of calls as a whole.
    rate
        Rows a minute; each is a call.
    """

    of_rows: Labels
    of_calls: Labels
    rate: int


def usual(subject: Subject) -> Traffic:
    """Return what the model reports on a usual day."""
    return tuple(part for place in places(subject) for part in _of_place(subject, place))


def places(subject: Subject) -> tuple[Place, ...]:
    """Return a small part of the traffic, which still has enough rows, and the rest."""
    rate = math.ceil(max(subject.alerts.rows, 200) * subject.alerts.overdispersion)
    if not subject.segments:
        return (_place(subject, 0, rate * (1 + REST)),)
    return _place(subject, 0, rate), _place(subject, 1, rate * REST)


def segment_values(subject: Subject, key: str) -> tuple[str, str]:
    """Return two values of a segment key: known ones, where two are known."""
    listed = [str(value) for name, values in subject.rule.segments.listed() if name == key for value in values]
    histograms = () if subject.baseline is None else (*subject.baseline.values, *subject.baseline.confidence)
    counted = [value for histogram in histograms for value in histogram.segments.get(key, {})]
    found = list(dict.fromkeys([*listed, *counted, "first", "second"]))
    return found[0], found[1]


def usual_fails(subject: Subject, check: str) -> float:
    """Return the share of answers that usually fails a check: small enough for an objective that it is part of."""
    known, objective = known_shares(subject).get(check, FAILS), subject.alerts.slo
    if objective is None or check not in objective.checks:
        return known
    return min(known, OF_BUDGET * (1 - objective.good) / len(objective.checks))


def _place(subject: Subject, number: int, rate: int) -> Place:
    operation = (subject.baseline and subject.baseline.operation) or "predict"
    common = ((names.JOB, JOB), (names.MODEL, subject.name), (names.VERSION, VERSION), (names.OPERATION, operation))
    of_calls = _segments(subject, subject.rule.segments.call_wide_keys, number)
    of_rows = _segments(subject, subject.rule.segments.row_keys, number)
    return Place((*common, *of_rows, *of_calls), (*common, *of_calls), rate)


def _segments(subject: Subject, keys: tuple[str, ...], number: int) -> Labels:
    return tuple((names.segment(key), segment_values(subject, key)[number]) for key in keys)


def _of_place(subject: Subject, place: Place) -> Iterator[Part]:
    yield from _answers(subject, place)
    for check in _checks(subject):
        yield from _check(place, check, usual_fails(subject, check))
    for watched in subject.rule.inputs:
        state = ((names.INPUT, str(watched.column)), (names.STATE, semconv.STATE_OK))
        yield Counter(names.INPUT_VALUES, (*place.of_calls, *state), place.rate)
    ends = DURATION.boundaries
    latency = tuple(float(end in LATENCY) for end in ends)
    yield Numbers(names.DURATION, place.of_calls, ends, _spread((*latency, 0.0), place.rate))
    yield Numbers(names.BATCH_SIZE, place.of_calls, (1.0,), (float(place.rate), 0.0))
    yield Gauge(names.MODEL_INFO, _info(place), 1.0)


def _answers(subject: Subject, place: Place) -> Iterator[Part]:
    if subject.baseline is None:
        ends = boundaries(subject)
        if ends is not None:
            yield Numbers(names.VALUE, place.of_rows, ends, _spread(_hill(len(ends) + 1), place.rate))
        if subject.rule.output.kind is not OutputKind.SCORE:
            yield from _classes(place, None, dict(zip(_class_names(subject), (7, 3), strict=False)))
            yield _confidence(place)
        return
    for histogram in subject.baseline.values:
        yield _as_known(names.VALUE, place, histogram)
    for tally in subject.baseline.classes:
        yield from _classes(place, tally.name, tally.total)
    for histogram in subject.baseline.confidence:
        yield _as_known(names.CONFIDENCE, place, histogram)


def _as_known(metric: str, place: Place, known: Histogram) -> Numbers:
    rates = _spread(tuple(map(float, known.total.counts)), place.rate)
    return Numbers(metric, (*place.of_rows, *_output(known)), known.boundaries, rates)


def _output(known: Histogram | Tally) -> Labels:
    return () if known.name is None else ((names.OUTPUT, known.name),)


def _classes(place: Place, output: str | None, counts: Mapping[str, float]) -> Iterator[Counter]:
    of_output = () if output is None else ((names.OUTPUT, output),)
    for name, rate in zip(counts, _spread(tuple(map(float, counts.values())), place.rate), strict=True):
        yield Counter(names.PREDICTIONS, (*place.of_rows, *of_output, (names.CLASS, name)), rate)


def _class_names(subject: Subject) -> tuple[str, str]:
    first, second, *_ = (*subject.rule.output.classes, "first", "second")
    return first, second


def _confidence(place: Place) -> Numbers:
    ends = PROBABILITY.boundaries
    return Numbers(
        names.CONFIDENCE, place.of_rows, ends, _spread((*(float(0.7 <= end <= 0.95) for end in ends), 0.0), place.rate)
    )


def _checks(subject: Subject) -> tuple[str, ...]:
    known = () if subject.baseline is None else (tally.name for tally in subject.baseline.checks)
    return tuple(dict.fromkeys([*(check.name for check in subject.rule.checks), *filter(None, known)]))


def _check(place: Place, name: str, fails: float) -> Iterator[Counter]:
    for outcome, share in ((semconv.OUTCOME_PASS, 1 - fails), (semconv.OUTCOME_FAIL, fails)):
        labels = (*place.of_rows, (names.CHECK, name), (names.OUTCOME, outcome))
        yield Counter(names.CHECKS, labels, round(place.rate * share, 3))


def _info(place: Place) -> Labels:
    known = (names.JOB, names.MODEL, names.VERSION)
    return tuple((label, value) for label, value in place.of_calls if label in known)


def _hill(buckets: int) -> tuple[float, ...]:
    return tuple(float(min(place + 1, buckets - place)) for place in range(buckets))


def _spread(shares: tuple[float, ...], rate: int) -> tuple[float, ...]:
    total = sum(shares)
    return tuple(float(round(rate * share / total)) for share in shares)
