"""A model's answers on a sample, as they are reported in production: by the instrumentation itself.

So the baseline and what a service reports fall into the same buckets, classes and outcomes, whatever the framework.
"""

from __future__ import annotations

import os
from collections import Counter
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
from otel_mlmon.cli.init.profile import MIN_ROWS
from otel_mlmon.config.baseline import Baseline, Counts, Histogram, Tally
from otel_mlmon.config.checks import Check
from otel_mlmon.config.fixed_mapping import FixedMapping
from otel_mlmon.config.schema import Configuration, Limits, Match, ModelRule, Spans
from otel_mlmon.config.segments import Segments
from otel_mlmon.instrumentor import DISABLED, ModelInstrumentor
from otel_mlmon.observe.arrays import Floats, to_floats
from otel_mlmon.observe.factorize import Codes
from otel_mlmon.observe.segmenting import Segmenting
from otel_mlmon.observe.segments import Pairs, segment

BATCH: Final = 10_000
"""Rows that are asked about in one call."""

UNBOUNDED: Final = 1_000_000
"""What is rare is folded at the end, and not what comes late."""

NOT_ASKED: Final = {"latency_above", "constant", "changed", "monotone"}
"""Rules about calls as a service makes them: a sample asked in batches says nothing of them."""

NO_BUDGET: Final = 1e9


class Refused(Failure):
    """The model raised."""


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
    codes, pairs
        Each row's segment as a code, or None where all are in one; and the segments.
    """

    frame: Any
    codes: Codes | None = None
    pairs: Sequence[Pairs] = ((),)

    def groups(self) -> Iterator[tuple[Pairs, Any]]:
        """Yield the rows of each segment, in batches."""
        for code, pairs in enumerate(self.pairs):
            of_segment = self.frame if self.codes is None else self.frame[self.codes == code]
            for start in range(0, len(of_segment), BATCH):
                yield pairs, of_segment[start : start + BATCH]


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


def cut(frame: Any, features: Sequence[str], segments: Segments, model: str) -> Sample:
    """Cut rows as they are cut in production; values that are rare in them are ``other``.

    Parameters
    ----------
    frame
        With the features first, for indices of columns.
    features
        What the model is given.
    segments
        As configured; keys that code sets, or a request carries, are read from the columns of that name.
    model
        Its name.
    """
    carried = (key for key in (*segments.code, *segments.baggage) if key in frame.columns)
    columns = tuple(dict.fromkeys([*segments.columns, *carried]))
    known = set(map(str, (*columns, *segments.bins)))
    listed = FixedMapping(
        {key: of_key for key, of_key in segments.values.items() if segments.call or str(key) in known}
    )
    as_columns = evolve(segments, columns=columns, code=(), baggage=(), values=listed)  # type: ignore[arg-type]
    codes, pairs = Segmenting(model, as_columns).of_rows(frame, len(frame), ())
    if codes is None:
        return Sample(frame[features])
    rows = np.bincount(codes, minlength=len(pairs)).tolist()
    by_value: dict[str, Counter[str]] = {}
    for of_code, count in zip(pairs, rows, strict=True):
        for key, value in of_code:
            by_value.setdefault(key, Counter())[value] += count
    limit = dict.fromkeys((*map(str, segments.bins), *map(str, segments.values)))
    kept = {key: _frequent(counter, limit.get(key, segments.max_values)) for key, counter in by_value.items()}
    places: dict[Pairs, int] = {}
    folded = [
        places.setdefault(
            tuple((key, value if value in kept[key] else semconv.OTHER) for key, value in of_code), len(places)
        )
        for of_code in pairs
    ]
    return Sample(frame[features], np.array(folded, dtype=np.intp)[codes], list(places))


def ask(model: Ask, sample: Sample, rule: ModelRule, name: str) -> Answers:
    """Ask a model about a sample, under the configuration that it has in production.

    Raises
    ------
    Refused
        The model raised.
    Failure
        Nothing of it would be observed.
    """
    checks = tuple(evolve(check, budget=NO_BUDGET) for check in rule.checks if _is_asked(check))
    # Which segment a row is in is known already, also where the model is not given the column.
    keys = tuple(key for key, _ in sample.pairs[0])
    segments = Segments(code=keys, max_values=UNBOUNDED)
    rule = evolve(rule, match=Match(), name=name, segments=segments, inputs=(), checks=checks)
    limits = Limits(combinations=UNBOUNDED, classes=UNBOUNDED)
    numbers: list[Floats | None] = []
    with observed(Configuration(spans=Spans.OFF, models=(rule,), limits=limits)) as reader:
        for pairs, batch in sample.groups():
            answer = _in_segment(model, batch, pairs)
            numbers.append(_plain_numbers(answer))
        points = tuple(_points(reader))
    answers = Answers(points, _joined(numbers))
    for point in answers.of(semconv.MONITOR_ERRORS):
        stage, error = point.attributes[semconv.MONITOR_STAGE], point.attributes[semconv.ERROR_TYPE]
        message = f"a baseline without what failed would be wrong: {error} in stage '{stage}', as said above"
        raise Failure(message)
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


def _frequent(counter: Counter[str], limit: int | None) -> set[str]:
    return {value for value, rows in counter.most_common(limit) if rows >= MIN_ROWS}


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
        raise Refused(message) from error


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
