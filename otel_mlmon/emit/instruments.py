"""The instruments of a meter provider, each made once."""

from __future__ import annotations

from threading import RLock
from typing import Any

from attrs import frozen
from opentelemetry import metrics
from opentelemetry.metrics import Counter, Histogram, MeterProvider

from otel_mlmon import semconv
from otel_mlmon.config.buckets import Layout
from otel_mlmon.version import __version__


@frozen
class Description:
    """What a back end shows of a metric."""

    unit: str
    text: str


DESCRIPTIONS = {
    semconv.PREDICTION_DURATION: Description(semconv.UNIT_SECONDS, "Latency of a model call."),
    semconv.PREDICTION_VALUE: Description(
        semconv.UNIT_ONE, "Scores and regressions that the model answered, one a row."
    ),
    semconv.PREDICTIONS: Description(semconv.UNIT_PREDICTIONS, "Rows answered, by predicted class."),
    semconv.PREDICTION_CONFIDENCE: Description(semconv.UNIT_ONE, "Probability of the most probable class."),
    semconv.PREDICTION_BATCH_SIZE: Description(semconv.UNIT_ROWS, "Rows of an answered call."),
    semconv.RESULT_COUNT: Description(
        semconv.UNIT_RESULTS, "Results that a ranking, recommendation or search returned; 0 is an empty answer."
    ),
    semconv.TIME_TO_FIRST: Description(semconv.UNIT_SECONDS, "From a call to the first piece of a streamed answer."),
    semconv.QUALITY_CHECKS: Description(semconv.UNIT_CHECKS, "What quality checks said of predictions."),
    semconv.QUALITY_VALUE: Description(semconv.UNIT_ONE, "What quality checks measured."),
    semconv.QUALITY_SKIPPED: Description(
        semconv.UNIT_CHECKS, "Predictions that a check over its budget was not asked about."
    ),
    semconv.INPUT_VALUES: Description(
        semconv.UNIT_VALUES, "Values of watched input columns, by what is wrong with them."
    ),
    semconv.INPUT_ROWS: Description(semconv.UNIT_ROWS, "Rows of inputs, by whether a watched value has a problem."),
    semconv.INPUT_VALUE: Description(semconv.UNIT_ONE, "Numbers of watched input columns."),
    semconv.MODEL_INFO: Description(semconv.UNIT_MODELS, "Always 1: the attributes say which model is live."),
    semconv.MONITOR_ERRORS: Description(semconv.UNIT_ERRORS, "Failures of the model instrumentation itself."),
    semconv.MONITOR_TIME: Description(semconv.UNIT_SECONDS, "Time that the model instrumentation itself took."),
    semconv.MONITOR_DROPPED: Description(semconv.UNIT_VALUES, "Values that could not be recorded as asked."),
}


class Instruments:
    """Makes and keeps instruments; boundaries are an instrument's, so each layout has a scope of its own."""

    def __init__(self, provider: MeterProvider, lock: RLock) -> None:
        self._provider = provider
        self._lock = lock
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def counter(self, metric: str) -> Counter:
        """Return the counter of a metric."""
        with self._lock:
            counter = self._counters.get(metric)
            if counter is None:
                described = DESCRIPTIONS[metric]
                counter = meter_of(self._provider, None).create_counter(metric, described.unit, described.text)
                self._counters[metric] = counter
            return counter

    def histogram(self, metric: str, layout: Layout) -> Histogram:
        """Return the histogram of a metric with certain boundaries."""
        with self._lock:
            histogram = self._histograms.get((metric, layout.name))
            if histogram is None:
                described = DESCRIPTIONS[metric]
                histogram = meter_of(self._provider, layout).create_histogram(
                    metric, described.unit, described.text, explicit_bucket_boundaries_advisory=layout.boundaries
                )
                self._histograms[metric, layout.name] = histogram
            return histogram

    def start_anew(self, lock: RLock) -> None:
        """Take another lock, in a forked child: a thread that is not there may have held the old one."""
        self._lock = lock

    def all(self) -> list[Any]:
        """Return every instrument that there is."""
        return [*self._counters.values(), *self._histograms.values()]


def meter_of(provider: MeterProvider, layout: Layout | None) -> metrics.Meter:
    """Return the meter of our scope, or of that part of it that has certain boundaries."""
    attributes = {} if layout is None else {semconv.BUCKET_LAYOUT: layout.name}
    return metrics.get_meter(semconv.SCOPE, __version__, provider, attributes=attributes)
