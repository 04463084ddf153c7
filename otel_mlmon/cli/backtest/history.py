"""A stretch of the past, asked for in parts that a server can answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from attrs import frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import DAY, HOUR, Expression, aggregated
from otel_mlmon.backends.promql.text import text
from otel_mlmon.cli.backtest.prometheus import Numbers, Prometheus, Series, TooHeavyError
from otel_mlmon.cli.backtest.times import day
from otel_mlmon.cli.failure import Failure

LEAST_DAYS: Final = 8
PART: Final = DAY
LEAST_PART: Final = HOUR
ON_ONE_LINE: Final = 10**9


@frozen
class Span:
    """A stretch of time, and how often it is looked at; unix seconds, both ends belong to it."""

    start: int
    end: int
    step: int

    @property
    def days(self) -> float:
        """How long it is."""
        return (self.end - self.start) / DAY

    @property
    def moments(self) -> Numbers:
        """When it is looked at."""
        return np.arange(self.start, self.end + 1, self.step, dtype=np.float64)

    def parts(self, seconds: int) -> Iterator[Span]:
        """Return it in parts, with no moment in two."""
        length = max(seconds // self.step, 1) * self.step
        for start in range(self.start, self.end + 1, length):
            yield Span(start, min(start + length - self.step, self.end), self.step)


def known_span(prometheus: Prometheus, subject: Subject, until: int, weeks: int, step: int) -> Span:
    """Return the part of the last weeks from which there are predictions of a model.

    Raises
    ------
    Failure
        There are none, or too few days of them.
    """
    wanted = Span((until - weeks * 7 * DAY) // step * step, until // step * step, step)
    calls = aggregated("count", subject.select_any(f"{names.DURATION}_count"))
    found = values(prometheus, calls, Span(wanted.start, wanted.end, HOUR), lambda _share: None)
    if not found:
        message = (
            f"{prometheus.address} has no predictions of the model '{subject.name}' in the last {weeks} weeks: no "
            f'series {names.DURATION}_count{{{names.MODEL}="{subject.name}"}}'
        )
        raise Failure(message)
    first = int(found[0].times[0])
    # Up to an hour before the first sample there may be more: the question is asked once an hour.
    span = wanted if first < wanted.start + HOUR else Span(first, wanted.end, step)
    if span.days < LEAST_DAYS:
        message = (
            f"{prometheus.address} has {span.days:.1f} days of the model '{subject.name}', since {day(first)}: alerts "
            f"look a week back, so {LEAST_DAYS} days are the least, and 4 weeks are better"
        )
        raise Failure(message)
    return span


def values(prometheus: Prometheus, asked: Expression, span: Span, advance: Callable[[float], None]) -> list[Series]:
    """Return what an expression gives over a span.

    Parameters
    ----------
    advance
        Told what share of the span has been answered.
    """
    query = text(asked, ON_ONE_LINE)
    by_labels: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    for part in span.parts(PART):
        for series in _answer(prometheus, query, part, PART):
            by_labels.setdefault(tuple(sorted(series.labels.items())), []).append(series)
        advance((part.end - part.start + part.step) / (span.end - span.start + span.step))
    return [_joined(dict(labels), parts) for labels, parts in by_labels.items()]


def _answer(prometheus: Prometheus, query: str, part: Span, length: int) -> tuple[Series, ...]:
    try:
        return prometheus.over(query, part.start, part.end, part.step)
    except TooHeavyError as error:
        if length // 4 < LEAST_PART:
            message = (
                f"{prometheus.address} gives up even {max(length // HOUR, 1)} h of an alert ({error or 'no answer'}): "
                "try --step 15m, a time of little load, or a server with a larger --query.timeout and "
                "--query.max-samples"
            )
            raise Failure(message) from error
    return tuple(series for less in part.parts(length // 4) for series in _answer(prometheus, query, less, length // 4))


def _joined(labels: dict[str, str], parts: list[Series]) -> Series:
    times, numbers = (np.concatenate([getattr(part, what) for part in parts]) for what in ("times", "values"))
    return Series(labels, times, numbers)
