"""What to ask Prometheus about a model, question by question: recorded figures, so that the answers come at once.

A page leaves out what the rules of its model do not record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.level import Level
from otel_mlmon.backends.prometheus.recording.calls import MEDIAN, SLOW, CallFigures
from otel_mlmon.backends.prometheus.recording.checks import check_fails
from otel_mlmon.backends.prometheus.recording.classes import class_figures
from otel_mlmon.backends.prometheus.recording.confidence import confidence_figures
from otel_mlmon.backends.prometheus.recording.inputs import bad_by_state, bad_values
from otel_mlmon.backends.prometheus.recording.largest import largest
from otel_mlmon.backends.prometheus.recording.segment_traffic import segment_traffic
from otel_mlmon.backends.prometheus.recording.values import value_figures
from otel_mlmon.backends.prometheus.recording.versions import OtherVersions
from otel_mlmon.backends.prometheus.runbook.entry import Query
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW
from otel_mlmon.backends.promql.expression import (
    HOUR,
    Aggregation,
    Expression,
    Matcher,
    Number,
    Selector,
    aggregated,
    call,
)

MOST = 5
"""Segments that a query shows."""


def releases(subject: Subject) -> Iterator[Query]:
    """Which versions answer: a graph over a day shows when one came."""
    found = subject.select_any(names.MODEL_INFO)
    yield Query(
        "which version of the model answers, in how many processes (as a graph over a day: when did one come?)",
        aggregated("count", found, names.JOB, names.VERSION, names.FINGERPRINT),
    )


def answers(subject: Subject) -> Iterator[Query]:
    """Where the answers lie, and how far they moved."""
    figures = value_figures(subject, level.MODEL)
    yield Query("the mean answer", figures.now.mean())
    yield Query("the share of the answers that lie elsewhere than in the hour before", _moved(subject, level.MODEL))
    yield Query("the share of the answers in each bucket", figures.now.shares())


def days(subject: Subject) -> Iterator[Query]:
    """How far the answers of a day moved."""
    figures = value_figures(subject, level.MODEL)
    yield Query("the day against the baseline", figures.day_baseline.select("l1") / 2)
    yield Query("the day against the same day a week ago", figures.day_last_week.select("l1") / 2)
    yield Query("the last hour against the same hour a week ago", figures.last_week.select("l1") / 2)
    yield Query("the population stability index of the last hour, against the baseline", figures.baseline.select("psi"))


def classes(subject: Subject) -> Iterator[Query]:
    """How often each class is answered."""
    figures = class_figures(subject, level.MODEL)
    if figures is not None:
        yield Query("the share of each class", figures.shares.share(NOW))
        yield Query("what it usually is", subject.recorded(figures.usual_record))


def segments(subject: Subject) -> Iterator[Query]:
    """In which segments the answers moved."""
    for segment in subject.segments:
        yield Query(f"where the answers moved most, by {segment.key}", _most(_moved(subject, segment)))
        yield Query(f"the mean answer by {segment.key}", value_figures(subject, segment).now.mean())
        figures = class_figures(subject, segment)
        if figures is not None:
            yield Query(f"which class grew most, by {segment.key}", _most(subject.recorded(figures.grown_record)))


def clients(subject: Subject) -> Iterator[Query]:
    """Which callers the answers moved for, as far as segments of calls tell."""
    for segment in subject.call_segments:
        yield Query(f"where the answers moved most, by {segment.key}", _most(_moved(subject, segment)))
        yield Query(f"calls by {segment.key}", CallFigures(subject, segment).total(NOW))


def versions(subject: Subject) -> Iterator[Query]:
    """How the versions differ."""
    figures = value_figures(subject, level.VERSION)
    yield Query("how many predictions each version answers", figures.now.rows())
    yield Query("the mean answer of each version", figures.now.mean())
    apart = OtherVersions(figures).comparison.select("l1") / 2
    yield Query("the share of the answers of each that lie elsewhere than those of the others", apart)
    shares = class_figures(subject, level.VERSION)
    if shares is not None:
        yield Query("the share of each class by version", shares.shares.share(NOW))


def most_frequent(subject: Subject) -> Iterator[Query]:
    """How alike the answers are."""
    figures = largest(subject)
    if figures is not None:
        yield Query("the share of the most frequent answer", figures.share(NOW))
        yield Query("what it usually is", figures.usual())


def confidence(subject: Subject) -> Iterator[Query]:
    """How sure the model is."""
    for at, words in ((level.MODEL, ""), *((each, f" by {each.key}") for each in subject.segments)):
        figures = confidence_figures(subject, at)
        if figures is not None:
            yield Query(f"the mean confidence{words}", figures.mean(NOW))


def checks(subject: Subject) -> Iterator[Query]:
    """Which checks fail."""
    yield Query("the share of answers that fail each check", check_fails(subject, level.MODEL).share(NOW))


def checks_by_client(subject: Subject) -> Iterator[Query]:
    """For which callers checks fail."""
    yield from _by(subject.call_segments, "where checks fail most", lambda at: check_fails(subject, at).share(NOW))


def checks_by_segment(subject: Subject) -> Iterator[Query]:
    """Where checks fail."""
    yield from _by(subject.segments, "where checks fail most", lambda at: check_fails(subject, at).share(NOW))


def inputs(subject: Subject) -> Iterator[Query]:
    """Which columns are bad, and how."""
    yield Query("the share of bad values of each column", bad_values(subject, level.MODEL).share(NOW))
    yield Query("what is bad about them", bad_by_state(subject).share(NOW))


def inputs_by_client(subject: Subject) -> Iterator[Query]:
    """For which callers columns are bad."""
    yield from _by(subject.call_segments, "where values are bad", lambda at: bad_values(subject, at).share(NOW))


def calls(subject: Subject) -> Iterator[Query]:
    """How often the model is called."""
    figures = CallFigures(subject, level.MODEL)
    yield Query("calls in ten minutes", figures.total(NOW))
    yield Query("how many are usual now", figures.usual(NOW))
    processes = aggregated("count", subject.select_any(names.MODEL_INFO), names.JOB)
    yield Query("how many processes have this model", processes)


def calls_by_client(subject: Subject) -> Iterator[Query]:
    """Who calls."""
    for segment in subject.call_segments:
        yield Query(f"calls by {segment.key}", CallFigures(subject, segment).total(NOW))


def traffic_by_segment(subject: Subject) -> Iterator[Query]:
    """How much there is of each segment, and how much is usual."""
    for segment, usual, total in segment_traffic(subject):
        yield Query(f"how much there is of each {segment.key}", total(NOW))
        yield Query(f"how much is usual of each {segment.key}", usual(NOW))


def errors(subject: Subject) -> Iterator[Query]:
    """How many calls fail, and of what."""
    yield Query("the share of calls that fail", CallFigures(subject, level.MODEL).errors.share(NOW))
    failed = subject.select(f"{names.DURATION}_count", Matcher(names.ERROR, "", "!="), window=NOW)
    yield Query("what they fail of", _summed(failed, names.JOB, names.ERROR))


def errors_by_client(subject: Subject) -> Iterator[Query]:
    """For which callers calls fail."""
    failed = "where calls fail most"
    yield from _by(subject.call_segments, failed, lambda at: CallFigures(subject, at).errors.share(NOW))


def latency(subject: Subject) -> Iterator[Query]:
    """How long a call takes."""
    figures = CallFigures(subject, level.MODEL)
    yield Query("the seconds of the usual call (the median)", figures.latency(MEDIAN, NOW))
    yield Query("what they usually are", subject.recorded(figures.usual_median_record))
    yield Query("the seconds that one call in a hundred exceeds", figures.latency(SLOW, NOW))


def latency_by_client(subject: Subject) -> Iterator[Query]:
    """For which callers calls take long."""
    slow = "where one call in a hundred takes longest"
    yield from _by(subject.call_segments, slow, lambda at: CallFigures(subject, at).latency(SLOW, NOW))


def telemetry(subject: Subject) -> Iterator[Query]:
    """Where the instrumentation itself fails."""
    failed = Selector(names.MONITOR_ERRORS, window=HOUR)
    by = (names.JOB, names.STAGE, names.ERROR)
    yield Query("what failed in the instrumentation, of all models of a service", _summed(failed, *by))
    lost = subject.select_any(names.MONITOR_DROPPED, window=HOUR)
    yield Query("what of this model was dropped, and why", _summed(lost, names.JOB, names.REASON))


def _by(segments: Iterable[Level], says: str, figure: Callable[[Level], Expression]) -> Iterator[Query]:
    for segment in segments:
        yield Query(f"{says}, by {segment.key}", _most(figure(segment)))


def _moved(subject: Subject, at: Level) -> Expression:
    return value_figures(subject, at).hour_before.select("l1") / 2


def _summed(counter: Selector, *labels: str) -> Expression:
    return aggregated("sum", call("increase", counter), *labels)


def _most(expression: Expression) -> Expression:
    return Aggregation("topk", expression, parameter=Number(MOST))
