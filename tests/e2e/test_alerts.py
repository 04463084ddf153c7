"""Quiet while all is well; a page with advice when a unit changes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice

import pytest

from .replay import Flight, Replay, delay_in_seconds
from .service import Service
from .stack import Stack

pytestmark = pytest.mark.e2e

WINDOW_SECONDS = 10.0
"""The rules' window of ten minutes, divided by sixty."""

WINDOWS_TO_NOTICE = 4


def test_three_healthy_windows_are_quiet_and_a_changed_unit_reaches_the_webhook_with_advice(
    stack: Stack, start_service: Callable[[str], Service], july: list[Flight]
):
    service = start_service("unit-change")
    replay = Replay(service.address)

    for third in in_thirds(july):
        replay.send(third, seconds=WINDOW_SECONDS)
    assert figures_are_recorded(stack, service.name)
    assert stack.ask.alerts_fired(service.name) == set()
    assert stack.webhook.firing(service.name) == []

    page = None
    live_path = cycle(in_chunks(delay_in_seconds(july), 1000))
    for chunk in islice(live_path, int(WINDOWS_TO_NOTICE * WINDOW_SECONDS)):
        replay.send(chunk, seconds=1.0)
        page = stack.webhook.first("FlightDelayScoreShift", service.name)
        if page:
            break
    assert page is not None, f"no page; fired: {stack.ask.alerts_fired(service.name)}"
    assert page.receiver == "page"
    assert page.labels["ml_model_name"] == "flight-delay"
    assert "usual at this hour is 0.26" in page.annotations["description"]
    assert "What did we change?" in page.annotations["advice"]
    assert "seconds for minutes" in page.annotations["advice"]
    # Latency and errors stay green: that is why nobody would have noticed.
    assert stack.ask.alerts_fired(service.name) <= {
        "FlightDelayScoreShift",
        "FlightDelayClassShareShift",
        "FlightDelayScoreShiftInSegment",
    }
    # The segments shift too, and are left out of the message because the whole model does.
    assert {alert.name for alert in stack.webhook.firing(service.name)} <= {
        "FlightDelayScoreShift",
        "FlightDelayClassShareShift",
    }


def figures_are_recorded(stack: Stack, job: str) -> bool:
    """Whether the rules have seen the service at all: silence alone proves nothing."""
    figures = ("mean10m", "usual", "rows10m", "spread10m")
    return all(stack.ask.query(f'job_model:ml_prediction_value:{figure}{{job="{job}"}}') for figure in figures)


def in_thirds(flights: list[Flight]) -> list[list[Flight]]:
    return in_chunks(flights, -(-len(flights) // 3))


def in_chunks(flights: list[Flight], size: int) -> list[list[Flight]]:
    return [flights[start : start + size] for start in range(0, len(flights), size)]
