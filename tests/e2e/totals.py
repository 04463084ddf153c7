"""Compare what Prometheus has counted with what was sent."""

from __future__ import annotations

import time
from dataclasses import dataclass

from examples.local_stack.prometheus import Prometheus
from examples.local_stack.replay import Sent
from examples.local_stack.waiting import DeadlineError, await_until


@dataclass(frozen=True)
class Totals:
    """Calls, and rows by origin, as three metrics tell them independently of each other."""

    calls: float
    values: dict[str, float]
    predictions: dict[str, float]


def await_totals(ask: Prometheus, job: str, sent: Sent, within: float) -> None:
    """Return when Prometheus holds exactly what was sent; fail with both figures otherwise."""
    expected = Totals(sent.calls, dict(sent.rows), dict(sent.rows))
    try:
        await_until(f"all that was sent to {job} is counted", lambda: counted(ask, job) == expected, within)
    except DeadlineError as late:
        message = f"Prometheus has\n{counted(ask, job)}\nand these were answered by {job}:\n{expected}"
        raise AssertionError(message) from late


def await_next_export(ask: Prometheus, job: str) -> None:
    """Return when every process has reported once more: what is counted twice shows then."""
    now = time.time()
    reported = f'min(timestamp(ml_prediction_value_count{{job="{job}"}})) > {now}'
    await_until(f"{job} reports once more", lambda: ask.query(reported), within=15)


def counted(ask: Prometheus, job: str) -> Totals:
    """Return the sums over all processes of a service."""
    return Totals(
        calls=ask.total("ml_prediction_duration_seconds_count", job),
        values=ask.totals_by("ml_segment_origin", "ml_prediction_value_count", job),
        predictions=ask.totals_by("ml_segment_origin", "ml_predictions_total", job),
    )
