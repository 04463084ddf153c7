"""What is usual at an hour of the day or of the week, as history tells."""

from __future__ import annotations

from collections.abc import Callable

from otel_mlmon.backends.prometheus.recording.extremes import larger, smaller
from otel_mlmon.backends.prometheus.windows import LAST_DAY, LAST_WEEK
from otel_mlmon.backends.promql.expression import HOUR, Expression, Matching


def usually(figure: Callable[[int], Expression], same: Matching) -> Expression:
    """Return how large a figure of an hour usually is at most, as far as there is a yesterday or a week before.

    Parameters
    ----------
    figure
        Returns it as it was an offset ago.
    """
    # The smaller one, so that an incident of yesterday does not make the one of today usual.
    return smaller(_around(figure, LAST_WEEK, same), _around(figure, LAST_DAY, same), same)


def _around(figure: Callable[[int], Expression], offset: int, same: Matching) -> Expression:
    # The hour before and the one after: what begins each evening has not filled the hour before when it begins.
    return larger(figure(offset), figure(offset - HOUR), same)
