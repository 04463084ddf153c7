"""The distances that the rules record are those that scipy and numpy compute from the same counts, to 1e-9.

Every hour has counts of its own, made up at random for several services of a model: nine days of them, so that the
hour before, the day and the week before are there. Prometheus' own engine evaluates all rules of the model's values.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import yaml
from attrs import evolve, frozen
from numpy.typing import NDArray

from examples.local_stack.backends import Backends
from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.recording.values import boundaries, value_figures, value_groups
from otel_mlmon.backends.prometheus.rule import Recording
from otel_mlmon.backends.prometheus.rules_file import rules_file
from otel_mlmon.backends.prometheus.subject import Subject
from tests.e2e.rules import promtool
from tests.model_subjects import classifier, regression, score

Counts = NDArray[np.float64]
Compared = tuple[str, Counts, Counts]
Expectation = dict[str, Any]

TOLERANCE = 1e-9
SERVICES = ("first", "second", "third")
STEPS = 12
"""Samples an hour, one in five minutes: two in the shortest window."""
WEEK = 7 * 24
RANDOM = 20240701


def l1(recent: Counts, reference: Counts, _ends: Counts) -> float:
    return float(np.abs(recent / recent.sum() - reference / reference.sum()).sum())


def noise(recent: Counts, reference: Counts, _ends: Counts) -> float:
    share = reference / reference.sum()
    deviations = np.sqrt(share * (1 - share) * (1 / recent.sum() + 1 / reference.sum()))
    # The mean of |x| of a normal x, by scipy and not by the formula of the rules.
    return float(deviations.sum() * scipy.stats.halfnorm.mean())


def psi(recent: Counts, reference: Counts, _ends: Counts) -> float:
    ours, usual = ((counts + 0.5) / (counts + 0.5).sum() for counts in (recent, reference))
    return float(scipy.stats.entropy(ours, usual) + scipy.stats.entropy(usual, ours))


def ks(recent: Counts, reference: Counts, ends: Counts) -> float:
    places = np.append(ends, ends[-1] + 1)
    ours, usual = (np.repeat(places, counts.round().astype(int)) for counts in (recent, reference))
    return float(scipy.stats.ks_2samp(ours, usual, method="asymp").statistic)


def w1(recent: Counts, reference: Counts, ends: Counts) -> float:
    places = np.append(ends, ends[-1])
    return float(scipy.stats.wasserstein_distance(places, places, recent, reference))


MEASURES: dict[str, Callable[[Counts, Counts, Counts], float]] = {
    "l1": l1,
    "noise": noise,
    "psi": psi,
    "ks": ks,
    "w1": w1,
}


@frozen
class History:
    """Numbers by bucket that come in every five minutes of each hour, of one output of one service."""

    job: str
    output: str | None
    steps: Counts

    def hour(self, ago: int = 0) -> Counts:
        """Return the counts of the hour that ended some hours ago."""
        return self.steps[-1 - ago] * STEPS

    def day(self, ago: int = 0) -> Counts:
        """Return the counts of the day that ended some hours ago."""
        return self.steps[len(self.steps) - ago - 24 : len(self.steps) - ago].sum(axis=0) * STEPS

    def minutes(self) -> Counts:
        """Return the counts of ten minutes of the last hour."""
        return self.steps[-1] * 2

    def labels(self, model: str) -> dict[str, str]:
        output = {} if self.output is None else {names.OUTPUT: self.output}
        return {names.JOB: self.job, names.MODEL: model, **output}


def histories(subject: Subject, hours: int) -> list[History]:
    random = np.random.default_rng(RANDOM)
    outputs = [None] if subject.baseline is None else [histogram.name for histogram in subject.baseline.values]
    buckets = len(boundaries(subject)) + 1
    return [
        History(job, output, _random_counts(random, (hours, buckets), size))
        for job, size in zip(SERVICES, (2, 40, 3000), strict=True)
        for output in outputs
    ]


def _random_counts(random: np.random.Generator, shape: tuple[int, int], size: int) -> Counts:
    hours, buckets = shape
    shares = random.dirichlet(np.full(buckets, 0.4), size=hours)
    # At least one, for of nothing there is no distribution.
    return np.array([random.multinomial(random.integers(1, size + 1), each) for each in shares]).astype(float)


def series(subject: Subject, history: History) -> Iterator[dict[str, str]]:
    operation = {} if subject.baseline is None else {names.OPERATION: subject.baseline.operation or "predict"}
    labels = {**history.labels(subject.name), **operation, names.VERSION: "1"}
    cumulative = history.steps.cumsum(axis=1)
    ends = boundaries(subject)
    for place, end in enumerate([*(f"{end:.0f}.0" if end == int(end) else str(end) for end in ends), "+Inf"]):
        yield _series(f"{names.VALUE}_bucket", {**labels, "le": end}, cumulative[:, place])
    yield _series(f"{names.VALUE}_count", labels, cumulative[:, -1])


def _series(metric: str, labels: dict[str, str], steps: Counts) -> dict[str, str]:
    # Begins high: Prometheus thinks of a counter near 0 that it began within the window.
    total, parts = 10**7, []
    for step in map(int, steps):
        parts.append(f"{total + step}+{step}x{STEPS - 1}")
        total += STEPS * step
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return {"series": f"{metric}{{{inside}}}", "values": " ".join(["10000000", *parts])}


def by_minutes(_subject: Subject, history: History) -> Iterator[Compared]:
    yield "hour_before", history.minutes(), history.hour(1)


def by_hours(subject: Subject, history: History) -> Iterator[Compared]:
    yield "hour_by_hour", history.hour(), history.hour(1)
    yield "last_week", history.hour(), history.hour(WEEK)
    yield "last_day", history.hour(), history.day(1)
    yield "day_last_week", history.day(), history.day(WEEK)
    if subject.baseline is not None:
        (known,) = (each for each in subject.baseline.values if each.name == history.output)
        yield "baseline", history.hour(), np.array(known.total.counts, float)
        yield "day_baseline", history.day(), np.array(known.total.counts, float)


def expectations(subject: Subject, compared: Iterable[Compared], history: History, time: str) -> Iterator[Expectation]:
    at = value_figures(subject, level.MODEL).level
    labels = _text(history.labels(subject.name))
    ends = np.array(boundaries(subject), float)
    recorded = {rule.record for group in value_groups(subject) for rule in group.rules if isinstance(rule, Recording)}
    for name, recent, reference in compared:
        for measure, compute in MEASURES.items():
            record = at.record(names.VALUE, f"{measure}_{name}")
            if record in recorded:
                expected = compute(recent, reference, ends)
                # What differs by less than half of the step rounds to 0.
                difference = f"({record}{labels} - {expected!r}) / {max(1.0, expected)!r}"
                samples = [{"labels": labels, "value": 0}]
                yield {"expr": f"round({difference}, {2 * TOLERANCE})", "eval_time": time, "exp_samples": samples}


def _text(labels: dict[str, str]) -> str:
    return "{" + ", ".join(f'{label}="{value}"' for label, value in labels.items()) + "}"


@frozen
class Course:
    """How long numbers come in, when rules are evaluated, and which distances are asked for at the end.

    Attributes
    ----------
    number
        Of distances, so that none is left out because a record has another name.
    """

    compare: Callable[[Subject, History], Iterator[Compared]]
    hours: int
    end: str
    interval: str
    number: int


MINUTES = Course(by_minutes, 4, "190m", "10m", number=2)
WEEKS = Course(by_hours, 9 * 24, f"{9 * 24}h", "1h", number=2 + 5 + 5 + 2)
WITH_BASELINE = evolve(WEEKS, number=WEEKS.number + 2 * 5)


@pytest.mark.parametrize(
    ("make", "course"),
    [
        (classifier, MINUTES),
        (classifier, WITH_BASELINE),
        (regression, MINUTES),
        (regression, WITH_BASELINE),
        (score, MINUTES),
        (score, WEEKS),
    ],
    ids=lambda each: each.interval if isinstance(each, Course) else each.__name__,
)
def test_distances_are_those_of_scipy_and_numpy(
    make: Callable[[], Subject], course: Course, backends: Backends, tmp_path: Path
):
    subject = make()
    given = histories(subject, course.hours)
    asked = [each for of in given for each in expectations(subject, course.compare(subject, of), of, course.end)]
    assert len(asked) == course.number * len(given)
    groups = [group for group in value_groups(subject) if " by " not in group.name]
    (tmp_path / "rules.yml").write_text(rules_file("", "model", groups), encoding="utf-8")
    test = {
        "interval": "5m",
        "input_series": [each for history in given for each in series(subject, history)],
        "promql_expr_test": asked,
    }
    document = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": course.interval,
        "group_eval_order": [f"model {group.name}" for group in groups],
        "tests": [test],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(document, width=math.inf), encoding="utf-8")
    verdict = promtool.test_rules(backends.promtool, tmp_path / "test.yml")
    assert verdict.passed, verdict.said[-4000:]
