"""How many time series a model's metrics may have at most, by what is configured for it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from math import prod

from attrs import evolve, frozen

from otel_mlmon import semconv
from otel_mlmon.config.buckets import DURATION, NUMBER, PROBABILITY, RESULTS, ROWS, Layout, custom
from otel_mlmon.config.schema import Configuration, Limits, ModelRule, OutputKind
from otel_mlmon.config.segments import Segments
from otel_mlmon.observe.inputs.states import TEXTS as INPUT_STATES
from otel_mlmon.observe.model_segments import MAX_ERROR_TYPES
from otel_mlmon.observe.rows import MAX_OUTPUTS
from otel_mlmon.observe.segments import ALWAYS

OUTCOMES = 2
WITH_NUMBERS = {"rank_of", "duplicate_share", "monotone", "agrees_with"}
"""Rules that measure, beside passing and failing."""


@frozen
class MetricBound:
    """Of one metric of one model.

    Attributes
    ----------
    attribute_sets
        Data points that an exporter sends of it.
    prometheus
        The series that Prometheus makes of these: a histogram's buckets, and their sum and count.
    """

    metric: str
    attribute_sets: int
    prometheus: int


@frozen
class ModelBound:
    """Of all metrics of the models that a rule is for: of each version, and each operation, of each."""

    name: str
    metrics: tuple[MetricBound, ...]

    @property
    def attribute_sets(self) -> int:
        """Of all metrics together."""
        return sum(metric.attribute_sets for metric in self.metrics)

    @property
    def prometheus(self) -> int:
        """Of all metrics together."""
        return sum(metric.prometheus for metric in self.metrics)


def series_bounds(configuration: Configuration) -> list[ModelBound]:
    """Return the bounds of each configured model."""
    return [
        ModelBound(name_of(rule, place), series_bound(rule, configuration.limits))
        for place, rule in enumerate(configuration.models)
    ]


def name_of(rule: ModelRule, place: int) -> str:
    """Return what a person calls a rule."""
    return rule.name or f"models[{place}]"


def series_bound(rule: ModelRule, limits: Limits) -> tuple[MetricBound, ...]:
    """Return the most attribute sets that each metric of a model can have, for one version and one operation.

    What is said of the answers is believed: of two classes one is the positive one, scores have none, and a model of
    classes ranks nothing. What is not said is at its limit. Segments that only code sets, and the checks that it
    registers, are not known here; what is reported of the instrumentation itself is a handful.

    Parameters
    ----------
    rule
        What is configured for the model.
    limits
        That hold for each model.
    """
    calls, rows = segment_sets(rule.segments, limits)
    checks = len(rule.checks)
    asked = sum(check.call is not None for check in rule.checks)
    measured = asked + sum(check.rule is not None and check.rule.kind in WITH_NUMBERS for check in rule.checks)
    # A call that could not be read, or that is asked again later, is judged with no segments of rows.
    judged = rows + (calls if checks and rule.segments.row_keys else 0)
    histograms = [boundaries for watched in rule.inputs if (boundaries := watched.boundaries) is not None]
    bounds = (
        _histogram(semconv.PREDICTION_DURATION, calls * (1 + _bounded(MAX_ERROR_TYPES)), DURATION),
        _histogram(semconv.PREDICTION_BATCH_SIZE, calls, ROWS),
        _histogram(semconv.TIME_TO_FIRST, calls, DURATION),
        _histogram(semconv.PREDICTION_VALUE, rows * _outputs(rule), _value_layout(rule)),
        _counter(semconv.PREDICTIONS, rows * _classes(rule, limits)),
        _histogram(semconv.PREDICTION_CONFIDENCE, rows if _classes(rule, limits) else 0, PROBABILITY),
        _histogram(semconv.RESULT_COUNT, 0 if _classifies(rule) else rows, RESULTS),
        _counter(semconv.QUALITY_CHECKS, judged * OUTCOMES * checks),
        _histogram(semconv.QUALITY_VALUE, judged * measured, NUMBER),
        _counter(semconv.QUALITY_SKIPPED, asked),
        _counter(semconv.INPUT_VALUES, calls * len(INPUT_STATES) * len(rule.inputs)),
        _counter(semconv.INPUT_ROWS, calls * OUTCOMES if rule.inputs else 0),
        _histogram(semconv.INPUT_VALUE, calls * len(histograms), custom(max(histograms, key=len, default=()))),
    )
    return tuple(bound for bound in bounds if bound.attribute_sets)


def segment_sets(segments: Segments, limits: Limits) -> tuple[int, int]:
    """Return the most combinations of segments that calls have, and those that rows have."""
    # A key of the whole call may also be absent.
    of_calls = [_options(segments, key) + 1 for key in segments.call_wide_keys]
    of_rows = [*(_options(segments, key) for key in segments.row_keys), *of_calls]
    is_open = segments.call is not None
    first = of_rows[0] if of_rows else _bounded(segments.max_values)
    return (
        _combinations(of_calls, limits.combinations, of_calls[0] if of_calls else 0, is_open=False),
        _combinations(of_rows, limits.combinations, first, is_open=is_open),
    )


def excesses(configuration: Configuration) -> Iterator[str]:
    """Return what is too much: a line a model, with the key to lower."""
    limit = configuration.limits.series
    for place, rule in enumerate(configuration.models):
        sets = _total(rule, configuration.limits)
        if sets > limit:
            yield (
                f"model '{name_of(rule, place)}' may have {sets:,} attribute sets, and limits.series allows {limit:,}: "
                f"{_advice(rule, place, configuration.limits)}"
            )


def _combinations(options: Iterable[int], limit: int, first: int, *, is_open: bool) -> int:
    product = prod(options)
    if product <= limit and not is_open:
        return product
    # Those that are folded have a value of the first key, or lack it; and one has no segment at all.
    return limit + first + 2


def _options(segments: Segments, key: str) -> int:
    listed, edges = dict(segments.listed()), dict(segments.edges())
    if key in edges:
        return len(edges[key]) + 2
    return len(set(listed[key])) + len(ALWAYS) if key in listed else _bounded(segments.max_values)


def _bounded(limit: int) -> int:
    return limit + len(ALWAYS)


def _outputs(rule: ModelRule) -> int:
    if rule.output.kind is OutputKind.LABEL:
        return 0
    if rule.output.positive_class is not None:
        return 1
    return len(rule.output.classes) or MAX_OUTPUTS + 1


def _classes(rule: ModelRule, limits: Limits) -> int:
    if rule.output.kind is OutputKind.SCORE:
        return 0
    return _bounded(min(limits.classes, 2) if rule.output.positive_class is not None else limits.classes)


def _classifies(rule: ModelRule) -> bool:
    output = rule.output
    return output.kind is OutputKind.LABEL or output.positive_class is not None or bool(output.classes)


def _value_layout(rule: ModelRule) -> Layout:
    output = rule.output
    if output.boundaries is not None:
        return custom(output.boundaries)
    is_probability = output.kind is OutputKind.PROBABILITY or output.positive_class is not None
    return PROBABILITY if is_probability else NUMBER


def _counter(metric: str, attribute_sets: int) -> MetricBound:
    return MetricBound(metric, attribute_sets, attribute_sets)


def _histogram(metric: str, attribute_sets: int, layout: Layout) -> MetricBound:
    buckets = len(layout.boundaries) + 1
    return MetricBound(metric, attribute_sets, attribute_sets * (buckets + 2))


def _total(rule: ModelRule, limits: Limits) -> int:
    return sum(bound.attribute_sets for bound in series_bound(rule, limits))


def _advice(rule: ModelRule, place: int, limits: Limits) -> str:
    def with_max_values(value: int) -> int:
        return _total(evolve(rule, segments=evolve(rule.segments, max_values=value)), limits)

    keys: dict[str, tuple[int, Callable[[int], int]]] = {
        "limits.combinations": (limits.combinations, lambda value: _total(rule, evolve(limits, combinations=value))),
        "limits.classes": (limits.classes, lambda value: _total(rule, evolve(limits, classes=value))),
        f"models[{place}].segments.max_values": (rule.segments.max_values, with_max_values),
    }
    enough = {key: _enough(now, total, limits.series) for key, (now, total) in keys.items()}
    key = max(keys, key=lambda key: enough[key] / keys[key][0])
    if not enough[key]:
        return "no limit alone is enough, so list fewer segments or checks, or raise limits.series"
    return f"lower {key} from {keys[key][0]:,} to {enough[key]:,}"


def _enough(now: int, total: Callable[[int], int], limit: int) -> int:
    """Return the largest value below ``now`` with which a total, that rises with it, is within a limit; else 0."""
    return bisect_left(range(1, now), True, key=lambda value: total(value) > limit)
