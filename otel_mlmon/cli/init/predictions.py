"""A model's answers on a sample, as they are reported in production: by the instrumentation itself.

So the baseline and what a service reports fall into the same buckets, classes and outcomes, whatever the framework.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from attrs import evolve, frozen
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader

from otel_mlmon import semconv
from otel_mlmon.cli.failure import Failure
from otel_mlmon.cli.init.gathering import Counting, Measuring
from otel_mlmon.cli.init.loading import Ask
from otel_mlmon.cli.init.profile import MIN_ROWS, SegmentValues
from otel_mlmon.config.baseline import Baseline, Counts, Histogram, Tally
from otel_mlmon.config.checks import Check
from otel_mlmon.config.schema import Configuration, Limits, Match, ModelRule, Spans
from otel_mlmon.config.segments import Segments
from otel_mlmon.instrumentor import DISABLED, ModelInstrumentor
from otel_mlmon.observe.arrays import Floats, to_floats
from otel_mlmon.observe.factorize import Factors, factorize
from otel_mlmon.observe.grouping import combinations
from otel_mlmon.observe.segments import Pairs, segment

BATCH: Final = 10_000
"""Rows that are asked about in one call."""

UNBOUNDED: Final = 1_000_000
"""What is rare is folded at the end, and not what comes late."""

NOT_ASKED: Final = {"latency_above", "constant", "changed", "monotone"}
"""Rules about calls as a service makes them: a sample asked in batches says nothing of them."""

NO_BUDGET: Final = 1e9


@frozen
class Point:
    """A data point as it would have been exported: a counter has its rows in ``total``."""

    metric: str
    attributes: dict[str, str]
    total: float
    boundaries: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


@frozen(eq=False)
class Sample:
    """Rows to ask about.

    Attributes
    ----------
    frame
        The columns that the model is given.
    segments
        Each key's value for each row; rare ones are ``other``.
    """

    frame: Any
    segments: tuple[tuple[str, Factors], ...] = ()

    def groups(self) -> Iterator[tuple[Pairs, Any]]:
        """Yield the rows of each combination of segments, in batches."""
        if not self.segments:
            yield from (((), batch) for batch in _batches(self.frame))
            return
        codes, pairs = combinations(self.segments)
        for code, of_code in enumerate(pairs):
            for batch in _batches(self.frame[codes == code]):
                yield of_code, batch


@frozen(eq=False)
class Answers:
    """What a model answered.

    Attributes
    ----------
    points
        As they would have been exported.
    numbers
        The plain numbers, shape (rows,); None where it answers with anything else.
    """

    points: tuple[Point, ...]
    numbers: Floats | None = None

    def of(self, metric: str) -> list[Point]:
        """Return the points of one metric."""
        return [point for point in self.points if point.metric == metric]

    @property
    def rows(self) -> int:
        """How many predictions there are."""
        return int(sum(point.total for point in self.of(semconv.PREDICTION_BATCH_SIZE)))


def columns_as(frame: Any, kind: str) -> Any:
    """Return a data frame with its columns of text as another type: some libraries want ``category`` or ``object``."""
    texts = [name for name in frame.columns if frame[name].dtype.kind not in "biufmM" or frame[name].dtype == object]
    return frame.astype(dict.fromkeys(texts, kind))


def folded(column: Any, values: SegmentValues) -> Factors:
    """Return each row's segment; values that are rare, in the table or in the sample, are ``other``."""
    factors = factorize(column)
    if factors is None:
        message = f"'{values.column}' cannot be a segment: its values cannot be read"
        raise Failure(message)
    sizes = np.bincount(factors.codes, minlength=len(factors.texts)).tolist()
    kept = [text for text, size in zip(factors.texts, sizes, strict=True) if text in values.rows and size >= MIN_ROWS]
    texts = list(dict.fromkeys([*kept, semconv.OTHER]))
    places = [texts.index(text if text in kept else semconv.OTHER) for text in factors.texts]
    return Factors(np.array(places, dtype=np.intp)[factors.codes], tuple(texts))


def ask(model: Ask, sample: Sample, rule: ModelRule, name: str) -> Answers:
    """Ask a model about a sample, under the configuration that it has in production.

    Raises
    ------
    Failure
        The model refuses the rows, or nothing of it would be observed.
    """
    checks = tuple(evolve(check, budget=NO_BUDGET) for check in rule.checks if _is_asked(check))
    rule = evolve(rule, match=Match(), name=name, segments=Segments(max_values=UNBOUNDED), inputs=(), checks=checks)
    limits = Limits(combinations=UNBOUNDED, classes=UNBOUNDED)
    numbers: list[Floats | None] = []
    with observed(Configuration(spans=Spans.OFF, models=(rule,), limits=limits)) as reader:
        for pairs, batch in sample.groups():
            answer = _in_segment(model, batch, pairs)
            numbers.append(_plain_numbers(answer))
        points = tuple(_points(reader))
    answers = Answers(points, _joined(numbers))
    if not answers.of(semconv.PREDICTION_DURATION):
        message = "the model answered, and nothing of it would be observed: decorate its method with otel_mlmon.monitor"
        raise Failure(message)
    return answers


def baseline_of(answers: Answers, model: str, source: str, max_classes: int) -> Baseline:
    """Return the baseline that data points add up to."""
    operation = next(point.attributes[semconv.OPERATION] for point in answers.of(semconv.PREDICTION_DURATION))
    return Baseline(
        model=model,
        operation=operation,
        source=source,
        rows=answers.rows,
        values=_histograms(answers.of(semconv.PREDICTION_VALUE)),
        confidence=_histograms(answers.of(semconv.PREDICTION_CONFIDENCE)),
        results=_histograms(answers.of(semconv.RESULT_COUNT)),
        classes=_tallies(answers.of(semconv.PREDICTIONS), semconv.OUTPUT_NAME, semconv.PREDICTION_CLASS, max_classes),
        checks=_tallies(answers.of(semconv.QUALITY_CHECKS), semconv.QUALITY_CHECK, semconv.QUALITY_OUTCOME),
    )


@contextmanager
def observed(configuration: Configuration) -> Iterator[InMemoryMetricReader]:
    """Instrument this process, whatever its environment says, and collect in memory.

    Raises
    ------
    Failure
        It is instrumented already.
    """
    instrumentor = ModelInstrumentor()
    if instrumentor.is_instrumented_by_opentelemetry:
        message = "this process is instrumented already: run otel-mlmon without opentelemetry-instrument"
        raise Failure(message)
    reader = InMemoryMetricReader()
    with _without_variables():
        instrumentor.instrument(config=configuration, meter_provider=MeterProvider([reader]))
        try:
            yield reader
        finally:
            instrumentor.uninstrument()


@contextmanager
def _without_variables() -> Iterator[None]:
    ours = [name for name in os.environ if name.startswith("OTEL_MLMON_") or name in {DISABLED, "OTEL_SDK_DISABLED"}]
    kept = {name: os.environ.pop(name) for name in ours}
    try:
        yield
    finally:
        os.environ.update(kept)


def _batches(frame: Any) -> Iterator[Any]:
    return (frame[start : start + BATCH] for start in range(0, len(frame), BATCH))


def _is_asked(check: Check) -> bool:
    rule = check.rule
    return rule is None or (rule.kind not in NOT_ASKED and (rule.agrees_with is None or rule.agrees_with.model is None))


def _in_segment(model: Ask, batch: Any, pairs: Pairs) -> Any:
    try:
        if not pairs:
            return model(batch)
        with segment(**dict(pairs)):
            return model(batch)
    except Exception as error:
        message = f"the model refuses the rows: {type(error).__name__}: {error}"
        raise Failure(message) from error


def _plain_numbers(answer: Any) -> Floats | None:
    only = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    numbers = None if isinstance(only, (dict, list)) else to_floats(only)
    return None if numbers is None else numbers.reshape(-1)


def _joined(parts: Sequence[Floats | None]) -> Floats | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if present and len(present) == len(parts) else None


def _points(reader: InMemoryMetricReader) -> Iterator[Point]:
    data: Any = reader.get_metrics_data()
    for resource in data.resource_metrics if data is not None else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    attributes = dict(point.attributes or {})
                    if isinstance(point, HistogramDataPoint):
                        bounds, counts = tuple(point.explicit_bounds), tuple(point.bucket_counts)
                        yield Point(metric.name, attributes, point.sum, bounds, counts)
                    else:
                        yield Point(metric.name, attributes, point.value)


def _segments_of(point: Point) -> Pairs:
    prefix = semconv.SEGMENT_PREFIX
    return tuple((key.removeprefix(prefix), text) for key, text in point.attributes.items() if key.startswith(prefix))


def _histograms(points: Iterable[Point]) -> tuple[Histogram, ...]:
    found: dict[str | None, Measuring] = {}
    for point in points:
        measuring = found.setdefault(point.attributes.get(semconv.OUTPUT_NAME), Measuring(point.boundaries))
        counts = Counts(point.total, point.counts)
        measuring.add(counts)
        measuring.add_to(_segments_of(point), counts)
    return tuple(measuring.done(name) for name, measuring in found.items())


def _tallies(points: Iterable[Point], name: str, label: str, limit: int | None = None) -> tuple[Tally, ...]:
    found: dict[str | None, Counting] = {}
    for point in points:
        counting = found.setdefault(point.attributes.get(name), Counting())
        counting.add(point.attributes[label], int(point.total))
        counting.add_to(_segments_of(point), point.attributes[label], int(point.total))
    return tuple(counting.done(name, limit) for name, counting in found.items())
