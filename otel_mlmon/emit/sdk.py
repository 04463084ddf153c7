"""Every contact with what OpenTelemetry keeps private, and nothing else.

The public ``record`` takes 5 to 10 µs a value and refuses negative numbers. A :class:`DataPoint` adds many values at
once to the SDK's own aggregations instead, so that views, temporality, cardinality limits and several readers work as
for any instrument. :func:`supported` tries that on a provider of its own; where it does not give the right numbers, the
callers use the public functions.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock, RLock
from time import time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opentelemetry import metrics, trace
from opentelemetry.context import Context

from otel_mlmon.emit.batch import GroupOfValues

logger = logging.getLogger(__name__)

Values = NDArray[np.float64]
Aggregate = Callable[[Any, Any, Any], None]
"""``aggregate(aggregation, instrument, values)`` adds values to an aggregation that exists."""

HISTOGRAM, SUM = "_ExplicitBucketHistogramAggregation", "_SumAggregation"
EXPONENTIAL = "_ExponentialBucketHistogramAggregation"


def a_provider_is_set() -> bool:
    """Tell whether the process has a global meter or tracer provider, for a tenth of the public questions' cost."""
    try:
        return metrics._internal._METER_PROVIDER is not None or trace._TRACER_PROVIDER is not None
    except AttributeError:
        return meter_provider_is_set() or tracer_provider_is_set()


def meter_provider_is_set() -> bool:
    """Tell whether the process has a global meter provider."""
    return not type(metrics.get_meter_provider()).__name__.startswith("_Proxy")


def tracer_provider_is_set() -> bool:
    """Tell whether the process has a global tracer provider."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def is_sdk(instrument: object) -> bool:
    """Tell whether an instrument feeds the SDK's storages, so that :func:`merge` can."""
    return hasattr(getattr(instrument, "_measurement_consumer", None), "_reader_storages")


class Matches:
    """What the readers and views of instruments are, looked up once for as long as a flush takes."""

    def __init__(self) -> None:
        self._known: dict[int, list[Any]] = {}

    def of(self, instrument: Any) -> list[Any]:
        """Return an instrument's aggregations in every reader and view; none where it is disabled."""
        known = self._known.get(id(instrument))
        if known is None:
            known = self._known[id(instrument)] = self._look_up(instrument)
        return known

    def _look_up(self, instrument: Any) -> list[Any]:
        if not getattr(instrument, "_is_enabled", _always)():
            return []
        storages = list(instrument._measurement_consumer._reader_storages.values())
        return [match for storage in storages for match in storage._get_or_init_view_instrument_match(instrument)]


class DataPoint:
    """One set of attributes of a synchronous instrument of the SDK, in every reader and view.

    Parameters
    ----------
    instrument
        For which :func:`is_sdk` holds.
    attributes
        Of all values that will be merged.
    """

    def __init__(self, instrument: Any, attributes: Mapping[str, str]) -> None:
        self._instrument = instrument
        self._attributes = attributes
        # Hashing attributes as the SDK does costs more than a small merge.
        self._key = _aggregation_key(attributes)

    def merge(self, values: Sequence[float], matches: Matches | None = None) -> None:
        """Add a few finite values, as that many public calls would."""
        for match in (matches or Matches()).of(self._instrument):
            self._merge_into_view(match, values, _aggregate_each)

    def merge_group(self, group: GroupOfValues) -> None:
        """Add many finite values, as that many public calls would."""
        values = group.values()

        def aggregate(aggregation: Any, instrument: Any, left: Values) -> None:
            # To begin its aggregation, the SDK may have taken the first value.
            rest = group if len(left) == len(values) else GroupOfValues.whole(left)
            kind = type(aggregation).__name__
            if kind == HISTOGRAM:
                _add_to_histogram(aggregation, rest.counts(aggregation._boundaries), rest.total, rest.least, rest.most)
            elif kind == SUM:
                _add_to_sum(aggregation, rest.total)
            elif kind == EXPONENTIAL:
                _add_to_exponential(aggregation, instrument, left, rest.total)
            else:
                _aggregate_each(aggregation, instrument, left.tolist())

        for match in Matches().of(self._instrument):
            self._merge_into_view(match, values, aggregate)

    def _merge_into_view(self, match: Any, values: Sequence[float] | Values, aggregate: Aggregate) -> None:
        kept, mine, key = match._view._attribute_keys, self._attributes, self._key
        if kept is not None:
            mine = {name: mine[name] for name in mine if name in kept}
            key = _aggregation_key(mine)
        while len(values):
            # The SDK creates aggregations and applies its cardinality limit: it gets the first value of each.
            with match._lock:
                known = match._attributes_aggregation
                aggregation = known.get(key) or known.get(_overflow_key())
                if aggregation is not None:
                    aggregate(aggregation, self._instrument, values)
                    return
            match.consume_measurement(_measurement(self._instrument, values[0], mine), False)
            values = values[1:]


def forget_after_fork(instruments: Iterable[Any]) -> None:
    """Let a forked child start from nothing: the parent goes on to export what it had counted before.

    The locks are renewed, too: a thread of the parent that does not exist here may have held them.
    """
    for instrument in instruments:
        consumer = instrument._measurement_consumer
        consumer._lock = Lock()
        for storage in consumer._reader_storages.values():
            storage._lock = RLock()
            storage._instrument_view_instrument_matches.pop(instrument, None)


def supported() -> bool:
    """Tell whether :func:`merge` gives the right numbers with the SDK that is installed."""
    try:
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415

        reader = InMemoryMetricReader()
        provider = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
        meter = provider.get_meter(__name__)
        histogram = meter.create_histogram("probe", explicit_bucket_boundaries_advisory=[0.0, 1.0])
        counter = meter.create_counter("probe.count")
        values = np.arange(-1.0, 10.0)
        point = DataPoint(histogram, {"a": "b"})
        point.merge([0.5])
        point.merge_group(GroupOfValues.whole(values))
        DataPoint(counter, {}).merge([1.0, 2.0])
        data: Any = reader.get_metrics_data()
        provider.shutdown()
        points: dict[str, Any] = {m.name: m.data.data_points for m in data.resource_metrics[0].scope_metrics[0].metrics}
        (probe,), (count,) = points["probe"], points["probe.count"]
        return (
            probe.count == len(values) + 1
            and tuple(probe.bucket_counts) == (2, 2, len(values) - 3)
            and probe.sum == float(values.sum()) + 0.5
            and probe.min == -1.0
            and dict(probe.attributes) == {"a": "b"}
            and count.value == 3
        )
    except Exception:
        logger.debug("the SDK's storages are not as known; values go through the public functions", exc_info=True)
        return False


def _always() -> bool:
    return True


def _aggregate_each(aggregation: Any, instrument: Any, values: Sequence[float]) -> None:
    kind = type(aggregation).__name__
    if kind == HISTOGRAM:
        boundaries = aggregation._boundaries
        with aggregation._lock:
            if aggregation._value is None:
                aggregation._value = [0] * (len(boundaries) + 1)
            for value in values:
                aggregation._value[bisect_left(boundaries, value)] += 1
            _add_range(aggregation, sum(values), min(values), max(values))
    elif kind == SUM:
        _add_to_sum(aggregation, sum(values))
    elif kind != "_DropAggregation":
        for value in values:
            aggregation.aggregate(_measurement(instrument, value, {}), False)


def _add_to_sum(aggregation: Any, total: float) -> None:
    with aggregation._lock:
        # Whole numbers stay whole: a series that changes between integer and float confuses back ends.
        aggregation._value = (aggregation._value or 0) + total


def _add_to_histogram(aggregation: Any, counts: list[int], total: float, least: float, most: float) -> None:
    with aggregation._lock:
        before = aggregation._value
        aggregation._value = list(counts) if before is None else [a + b for a, b in zip(before, counts, strict=True)]
        _add_range(aggregation, total, least, most)


def _add_range(aggregation: Any, total: float, least: float, most: float) -> None:
    aggregation._sum += total
    if aggregation._record_min_max:
        aggregation._min = min(aggregation._min, least)
        aggregation._max = max(aggregation._max, most)


def _add_to_exponential(aggregation: Any, instrument: Any, values: Values, total: float) -> None:
    ordered = np.sort(values)
    first, last = np.searchsorted(ordered, 0.0, side="left"), np.searchsorted(ordered, 0.0, side="right")
    zeros, signs = int(last - first), (-ordered[:first][::-1], ordered[last:])
    # The SDK gets a zero and the extremes of each sign: it chooses the scale by them, and all others fit in between.
    given = ordered[first : first + 1].tolist()
    for sign, magnitudes in zip((-1.0, 1.0), signs, strict=True):
        given += (sign * magnitudes[[0, -1][: len(magnitudes)]]).tolist()
    for value in given:
        aggregation.aggregate(_measurement(instrument, value, {}), False)
    with aggregation._lock:
        aggregation._sum += total - sum(given)
        aggregation._count += len(values) - len(given)
        aggregation._zero_count += max(0, zeros - 1)
        for buckets, magnitudes in zip((aggregation._value_negative, aggregation._value_positive), signs, strict=True):
            _count_sorted(buckets, aggregation._mapping.map_to_index, magnitudes[1:-1])


def _count_sorted(buckets: Any, index_of: Callable[[float], int], magnitudes: Values) -> None:
    """Count ascending numbers: where two have the same bucket, all between them have, so few are asked for theirs."""
    pending = [(0, len(magnitudes))]
    while pending:
        start, end = pending.pop()
        if start == end:
            continue
        index = index_of(float(magnitudes[start]))
        if index == index_of(float(magnitudes[end - 1])):
            place = index - buckets.index_base
            buckets.increment_bucket(place + len(buckets.counts) if place < 0 else place, end - start)
        else:
            middle = (start + end) // 2
            pending += ((start, middle), (middle, end))


def _measurement(instrument: Any, value: float, attributes: Mapping[str, str]) -> Any:
    from opentelemetry.sdk.metrics._internal.measurement import Measurement  # noqa: PLC0415

    plain = value.item() if isinstance(value, np.generic) else value
    return Measurement(plain, time_ns(), instrument, Context(), attributes)


def _aggregation_key(attributes: Mapping[str, str]) -> Any:
    from opentelemetry.sdk.metrics._internal import _view_instrument_match as module  # noqa: PLC0415

    key_of = getattr(module, "_hash_attributes", None)
    return frozenset(attributes.items()) if key_of is None else key_of(attributes)


def _overflow_key() -> Any:
    from opentelemetry.sdk.metrics._internal import _view_instrument_match as module  # noqa: PLC0415

    return getattr(module, "_OVERFLOW_KEY", None)
