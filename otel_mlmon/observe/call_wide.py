"""Segments of a whole call: what code says of it, and what its request carries."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.baggage import get_all

from otel_mlmon.config.segments import Segments
from otel_mlmon.observe.labels import label_text
from otel_mlmon.observe.segments import ListedValues, Pairs, current


def call_wide(segments: Segments) -> Callable[[], Pairs]:
    """Return what returns the segments of the running call.

    Parameters
    ----------
    segments
        Names the keys of W3C baggage that count, and of call-wide keys the values that are kept.
    """
    baggage = segments.baggage
    listed = {key: ListedValues(values) for key, values in segments.listed() if key in segments.call_wide_keys}

    def of_code_and_baggage() -> Pairs:
        pairs = current()
        carried = get_all()
        if carried:
            said = dict(pairs)
            more = [(key, label_text(carried[key])) for key in baggage if key in carried and key not in said]
            pairs = (*more, *pairs)
        return pairs

    def of_listed() -> Pairs:
        pairs = of_code_and_baggage() if baggage else current()
        return tuple((key, listed[key].admit(value) if key in listed else value) for key, value in pairs)

    if listed:
        return of_listed
    return of_code_and_baggage if baggage else current
