"""How much more the answers vary than independent ones would.

Two windows that follow each other, of n and m answers, have the shares p and q in a bucket. Were answers independent
and their distribution the same, the squared differences would add up to what a multinomial distribution gives::

    expected = (1/n + 1/m) * sum(r * (1 - r)),   r = (n p + m q) / (n + m)
    ratio    = sum((p - q)^2) / expected

whose mean is 1. The median over all moments is taken, for incidents must not count; the median of such a sum, one of k
degrees of freedom, lies below its mean by the factor (1 - 2 / (9 k))^3 (E. B. Wilson, M. M. Hilferty, PNAS 17 (1931),
684-688), by which it is divided. k = T^2 / S, with T and S the traces of the covariance matrix and of its square (F. E.
Satterthwaite, Biometrics 2 (1946), 110-114).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from otel_mlmon.backends.prometheus import level, names
from otel_mlmon.backends.prometheus.recording.values import ValueFigures, value_figures
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.prometheus.windows import NOW
from otel_mlmon.backends.promql.expression import Expression
from otel_mlmon.cli.backtest.history import Span, values
from otel_mlmon.cli.backtest.prometheus import Numbers, Prometheus, Series

LEAST_MOMENTS: Final = 100

Labels: TypeAlias = "tuple[tuple[str, str], ...]"
Counts: TypeAlias = "dict[Labels, Numbers]"
"""Of shape (buckets, moments), by the labels that service and output have."""


def measured(
    prometheus: Prometheus,
    subject: Subject,
    span: Span,
    inlined: Callable[[Expression], Expression],
    advance: Callable[[float], None],
) -> float | None:
    """Return the overdispersion of a model's values; None where they cannot be compared or are too few."""
    figures = value_figures(subject, level.MODEL)
    if figures.boundaries is None:
        return None
    # Windows that overlap with those before tell nothing new.
    sparse = Span(span.start, span.end, max(span.step, NOW))
    recent, before = (
        values(prometheus, inlined(asked), sparse, lambda share: advance(share / 2)) for asked in _windows(figures)
    )
    return overdispersion(_by_bucket(recent, sparse), _by_bucket(before, sparse), subject.alerts.rows)


def overdispersion(recent: Counts, before: Counts, rows: int) -> float | None:
    """Return the median ratio.

    Parameters
    ----------
    rows
        That both windows need.
    """
    both = [(recent[labels], before[labels]) for labels in sorted(recent.keys() & before.keys())]
    found = np.concatenate([_ratios(now, then, rows) for now, then in both if now.shape == then.shape] or [np.empty(0)])
    return float(np.median(found)) if len(found) >= LEAST_MOMENTS else None


def _windows(figures: ValueFigures) -> tuple[Expression, Expression]:
    return figures.now.in_bucket(), figures.hour.in_bucket(NOW)


def _by_bucket(found: list[Series], span: Span) -> Counts:
    outputs: dict[Labels, list[Numbers]] = {}
    for series in sorted(found, key=lambda each: each.labels.get(names.LE, "")):
        counts = np.full(len(span.moments), np.nan)
        counts[np.rint((series.times - span.start) / span.step).astype(np.intp)] = series.values
        rest = tuple(sorted((name, value) for name, value in series.labels.items() if name != names.LE))
        outputs.setdefault(rest, []).append(counts)
    return {labels: np.array(counts) for labels, counts in outputs.items()}


def _ratios(recent: Numbers, before: Numbers, rows: int) -> Numbers:
    n, m = recent.sum(axis=0), before.sum(axis=0)
    judged = (n >= rows) & (m >= rows)
    recent, before, n, m = recent[:, judged], before[:, judged], n[judged], m[judged]
    shares = (recent + before) / (n + m)
    trace = (shares * (1 - shares)).sum(axis=0)
    squares = (shares**2).sum(axis=0)
    trace_of_square = squares - 2 * (shares**3).sum(axis=0) + squares**2
    varied = trace > 0
    expected = (1 / n + 1 / m) * trace
    found = ((recent / n - before / m) ** 2).sum(axis=0)
    freedom = trace[varied] ** 2 / trace_of_square[varied]
    below_mean = (1 - 2 / (9 * freedom)) ** 3
    ratios: Numbers = found[varied] / expected[varied] / below_mean
    return ratios
