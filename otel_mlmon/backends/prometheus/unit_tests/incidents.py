"""What each alert is for, as an incident of a model: a row an alert."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.alerts import (
    budget,
    calls,
    check_fails,
    class_jump,
    confidence,
    errors,
    input_problems,
    latency,
    output_drift,
    output_jump,
    segment_jump,
    stuck,
    telemetry,
    versions,
)
from otel_mlmon.backends.prometheus.recording.checks import known_shares
from otel_mlmon.backends.prometheus.rule import Alert, Severity
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.unit_tests import changes
from otel_mlmon.backends.prometheus.unit_tests.incident import HOURS, MINUTES, Incident
from otel_mlmon.backends.prometheus.unit_tests.traffic import Change, Counter, Labels
from otel_mlmon.backends.prometheus.unit_tests.usual import JOB, places, segment_values, usual, usual_fails
from otel_mlmon.backends.promql.expression import HOUR, MINUTE
from otel_mlmon.config.baseline import Histogram
from otel_mlmon.config.inputs import Input

ANSWERS: Final = (names.VALUE, names.PREDICTIONS)
HALF: Final = 0.5
CALLS: Final = (names.DURATION, names.MODEL_INFO)


def _output_jump(subject: Subject, alert: Alert) -> Incident:
    output = _output_of(_values(subject))
    change = changes.only(output, _elsewhere(alert))
    return Incident("the answers move to other buckets", (names.VALUE,), (change,), dict(output))


def _class_jump(subject: Subject, _alert: Alert) -> Incident:
    rare = _rarest_class(subject)
    return Incident("a rare class is the only one", (names.PREDICTIONS,), (changes.of_class(rare),), dict(rare))


def _stuck(subject: Subject, _alert: Alert) -> Incident:
    rare, output = _rarest_class(subject), _output_of(_values(subject))
    same = changes.in_turn(changes.of_class(rare), changes.only(output, changes.elsewhere(1)))
    # What is usual is known from a day before only, where it is in no baseline.
    clock = MINUTES if subject.baseline is not None else HOURS
    return Incident("all answers are the same", ANSWERS, (same,), {**dict(rare), **dict(output)}, clock)


def _segment_jump(subject: Subject, alert: Alert) -> Incident:
    segment, output = _first_segment(subject, alert), _output_of(_values(subject))
    where = (*segment.items(), *output)
    change = changes.only(where, _elsewhere(alert))
    return Incident("the answers of one segment move to other buckets", (names.VALUE,), (change,), dict(where))


def _version_differs(subject: Subject, alert: Alert) -> Incident:
    output = _output_of(_values(subject))
    change = changes.second_version("2", changes.only(output, _elsewhere(alert)))
    return Incident("two versions answer differently", (names.VALUE,), (change,), dict(output), window=HOUR)


def _output_drift(subject: Subject, alert: Alert) -> Incident:
    output = _output_of(_values(subject))
    change = changes.only(output, _elsewhere(alert))
    story = "a day's answers lie in other buckets"
    return Incident(story, (names.VALUE,), (change,), dict(output), HOURS, window=25 * HOUR)


def _confidence_drop(subject: Subject, _alert: Alert) -> Incident:
    output = _output_of(() if subject.baseline is None else subject.baseline.confidence)
    pairs = subject.classes is not None and len(subject.classes.total) == confidence.PAIR
    change = changes.only(output, changes.unsure(0.5 if pairs else 0.0))
    return Incident("the model is unsure", (names.CONFIDENCE,), (change,), dict(output), window=HOUR)


def _check_fails(subject: Subject, alert: Alert) -> Incident:
    check = _known_check(subject)
    usually, where = usual_fails(subject, check), {names.CHECK: check}
    too_many = max(usually * subject.alerts.fails_ratio, usually + subject.alerts.fails_points)
    if alert.severity is Severity.PAGE:
        clock = MINUTES if check in known_shares(subject) else HOURS
        change = changes.failing(check, min(1.0, too_many * 1.5 + 0.05))
        story = "many more answers fail a check"
        return Incident(story, (names.CHECKS,), (change,), where, clock, window=HOUR)
    # Slower than what is taken for sudden: half of the points within an hour.
    step = max(subject.alerts.fails_points, 0.01) / 5
    steps = math.ceil((min(1.0, too_many * 1.1 + 0.02) - usually) / step)
    slowly = tuple(changes.failing(check, min(1.0, usually + step * each)) for each in range(1, steps + 1))
    return Incident("ever more answers fail a check", (names.CHECKS,), slowly, where, HOURS, window=2 * HOUR)


def _input_problems(subject: Subject, _alert: Alert) -> Incident:
    watched = subject.rule.inputs[0]
    column = str(watched.column)
    change = changes.bad_values(column, _worst_state(watched))
    return Incident("the values of a watched column are bad", (names.INPUT_VALUES,), (change,), {names.INPUT: column})


def _no_calls(_subject: Subject, _alert: Alert) -> Incident:
    return Incident("nobody calls any more", CALLS, (changes.fewer(0),), {})


def _traffic_drop(subject: Subject, _alert: Alert) -> Incident:
    change = changes.fewer(subject.alerts.traffic / 4)
    return Incident("most of the callers are gone", CALLS, (change,), {}, HOURS)


def _segment_silent(subject: Subject, alert: Alert) -> Incident:
    where = _first_segment(subject, alert)
    change = changes.only(tuple(where.items()), changes.fewer(0))
    return Incident("one segment is not asked for any more", (*CALLS, *ANSWERS), (change,), where, HOURS)


def _latency_jump(_subject: Subject, _alert: Alert) -> Incident:
    return Incident("all calls take seconds", CALLS, (changes.slow(1.0),), {})


def _errors(_subject: Subject, _alert: Alert) -> Incident:
    return Incident("half of the calls fail", CALLS, (changes.erroneous(0.5),), {})


def _budget_burn(subject: Subject, alert: Alert) -> Incident:
    return _burning(subject, alert, "so many calls fail", changes.erroneous)


def _latency_budget_burn(subject: Subject, alert: Alert) -> Incident:
    return _burning(subject, alert, "so many calls are slow", changes.slow)


def _burning(subject: Subject, alert: Alert, story: str, change: Callable[[float], Change]) -> Incident:
    objective = subject.alerts.slo
    good = 1.0 if objective is None else objective.fast if alert.name == budget.LATENCY_BUDGET else objective.good
    share = min(1.0, 1.5 * alert.threshold * (1 - good))
    story += f" that the budget is gone too soon, by {alert.labels['long_window']}"
    metrics = (names.DURATION, names.CHECKS)
    # The first calls come just before: what is bad is then bad in all windows, however long.
    return Incident(story, metrics, (change(share),), {}, window=HOUR, before=15 * MINUTE)


def _telemetry_lost(subject: Subject, alert: Alert) -> Incident:
    if alert.labels["lost"] == "failures":
        labels: Labels = ((names.JOB, JOB), (names.STAGE, semconv.STAGE_CALL), (names.ERROR, "KeyError"))
        change = changes.beside(Counter(names.MONITOR_ERRORS, labels, 2))
        return Incident("the instrumentation fails", (names.MODEL_INFO,), (change,), {})
    change = changes.beside(_dropped(subject, semconv.DROPPED_UNREADABLE, 2))
    where = {names.REASON: semconv.DROPPED_UNREADABLE}
    return Incident("values cannot be recorded", (names.MODEL_INFO,), (change,), where)


def _segment_overflow(subject: Subject, _alert: Alert) -> Incident:
    rows = sum(place.rate for place in places(subject))
    change = changes.beside(_dropped(subject, semconv.DROPPED_SEGMENT_OVERFLOW, rows / 5))
    return Incident("the predictions have too many segments", (names.BATCH_SIZE,), (change,), {}, window=HOUR)


def _dropped(subject: Subject, reason: str, rate: float) -> Counter:
    labels = ((names.JOB, JOB), (names.MODEL, subject.name), (names.REASON, reason))
    return Counter(names.MONITOR_DROPPED, labels, rate)


def _elsewhere(alert: Alert) -> Change:
    # All in one bucket is as far as answers can move; in two, another alert has nothing to say of it.
    return changes.elsewhere(1 if alert.threshold > HALF else 2)


def _values(subject: Subject) -> tuple[Histogram, ...]:
    return () if subject.baseline is None else subject.baseline.values


def _output_of(histograms: tuple[Histogram, ...]) -> Labels:
    """Return the label of the first output, where there are several."""
    return tuple((names.OUTPUT, each.name) for each in histograms[:1] if each.name is not None)


def _rarest_class(subject: Subject) -> Labels:
    asked = [part for part in usual(subject) if isinstance(part, Counter) and part.metric == names.PREDICTIONS]
    if not asked:
        return ()
    rare = min(asked, key=lambda part: part.rate)
    return tuple((label, value) for label, value in rare.labels if label in {names.CLASS, names.OUTPUT})


def _first_segment(subject: Subject, alert: Alert) -> dict[str, str]:
    key = alert.labels["segment_key"]
    return {names.segment(key): segment_values(subject, key)[0]}


def _known_check(subject: Subject) -> str:
    known = (*known_shares(subject), *(check.name for check in subject.rule.checks))
    return known[0]


def _worst_state(column: Input) -> str:
    if column.range is not None:
        return semconv.STATE_OUT_OF_RANGE
    return semconv.MISSING if column.categories is None else semconv.STATE_UNSEEN


INCIDENTS: Final[Mapping[str, Callable[[Subject, Alert], Incident]]] = {
    output_jump.NAME: _output_jump,
    class_jump.NAME: _class_jump,
    stuck.NAME: _stuck,
    segment_jump.NAME: _segment_jump,
    versions.NAME: _version_differs,
    output_drift.NAME: _output_drift,
    confidence.NAME: _confidence_drop,
    check_fails.NAME: _check_fails,
    input_problems.NAME: _input_problems,
    calls.NO_CALLS: _no_calls,
    calls.TRAFFIC_DROP: _traffic_drop,
    calls.SEGMENT_SILENT: _segment_silent,
    latency.NAME: _latency_jump,
    errors.NAME: _errors,
    budget.BUDGET: _budget_burn,
    budget.LATENCY_BUDGET: _latency_budget_burn,
    telemetry.LOST: _telemetry_lost,
    telemetry.OVERFLOW: _segment_overflow,
}
