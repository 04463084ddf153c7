"""From values over time to when an alert fires: ``for`` and ``keep_firing_for`` as Prometheus takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from attrs import frozen
from numpy.lib.stride_tricks import sliding_window_view

from otel_mlmon.backends.prometheus.rule import Alert
from otel_mlmon.backends.promql.expression import HOUR
from otel_mlmon.cli.backtest.history import Span
from otel_mlmon.cli.backtest.prometheus import Numbers, Series

APART = 12 * HOUR
"""Peaks that lie closer are of the same thing."""


@frozen
class Track:
    """An alert's measure for one set of labels, at each moment of a span; minus infinity where it may not be judged."""

    labels: Mapping[str, str]
    values: Numbers


@frozen
class Episode:
    """From when an alert fires until it is resolved, in unix seconds.

    Attributes
    ----------
    highest
        The greatest value of the measure meanwhile.
    """

    labels: Mapping[str, str]
    start: int
    end: int
    highest: float

    @property
    def seconds(self) -> int:
        """How long it is."""
        return self.end - self.start


@frozen
class Peak:
    """A value above which the threshold had to be for the alert not to fire, and when."""

    labels: Mapping[str, str]
    moment: int
    value: float


def track(series: Series, span: Span, excluded: Iterable[Span]) -> Track:
    """Lay a series over the moments of a span, but for those that are excluded."""
    values = np.full(len(span.moments), -np.inf)
    places = np.rint((series.times - span.start) / span.step).astype(np.intp)
    values[places] = np.nan_to_num(series.values, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    for each in excluded:
        values[(span.moments >= each.start) & (span.moments <= each.end)] = -np.inf
    return Track({name: value for name, value in series.labels.items() if name != "__name__"}, values)


def episodes(of: Track, span: Span, alert: Alert, threshold: float) -> Iterator[Episode]:
    """Return when an alert fires with a threshold, in the order of time."""
    since = until = None
    for first, last in _runs(of.values > threshold):
        if until is not None and first * span.step <= until:
            # What fires goes on without waiting anew.
            until = (last + 1) * span.step + alert.keep
            continue
        if last - first < _steps(alert, span):
            continue
        if since is not None and until is not None:
            yield _episode(of, span, since, until)
        since = (first + _steps(alert, span)) * span.step
        until = (last + 1) * span.step + alert.keep
    if since is not None and until is not None:
        yield _episode(of, span, since, until)


def peaks(tracks: Iterable[Track], span: Span, alert: Alert, count: int) -> list[Peak]:
    """Return the highest values that held for as long as the alert waits, the highest first."""
    width = _steps(alert, span) + 1
    found: list[Peak] = []
    for each in tracks:
        held = each.values if len(each.values) < width else sliding_window_view(each.values, width).min(axis=1)
        found += _peaks(each, span, held.copy(), count)
    return sorted(found, key=lambda peak: peak.value, reverse=True)[:count]


def _steps(alert: Alert, span: Span) -> int:
    # What is shorter than a step is not seen: whatever is above at one moment is taken to hold until the next.
    return alert.wait // span.step


def _peaks(of: Track, span: Span, held: Numbers, count: int) -> Iterator[Peak]:
    reach = APART // span.step
    for _ in range(count):
        place = int(held.argmax())
        if held[place] == -np.inf:
            return
        yield Peak(of.labels, span.start + place * span.step, float(held[place]))
        held[max(place - reach, 0) : place + reach + 1] = -np.inf


def _runs(above: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[tuple[int, int]]:
    """Return the first and the last place of each stretch of truth."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], above.astype(np.int8), [0]])))
    for first, after in edges.reshape(-1, 2):
        yield int(first), int(after) - 1


def _episode(of: Track, span: Span, since: int, until: int) -> Episode:
    inside = of.values[since // span.step : until // span.step + 1]
    end = min(span.start + until, span.end)
    return Episode(of.labels, span.start + since, end, float(inside.max()))
