"""Quiet while all is well; a page with advice when a unit changes, and when nobody asks the model any more."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import cycle, islice

import pytest

from examples.local_stack.backends import COLLECTOR_FOLDER
from examples.local_stack.compressed import FACTOR
from examples.local_stack.replay import Flight, Replay, delay_in_seconds
from examples.local_stack.service import Service
from examples.local_stack.stack import Stack
from examples.local_stack.waiting import await_until

pytestmark = pytest.mark.e2e

WINDOW_SECONDS = 10 * 60 / FACTOR
INCIDENT_SECONDS = 6 * WINDOW_SECONDS
"""Long enough for the slowest rule: a window of ten minutes and a wait of ten, on a busy machine."""

DRIFT = {"FlightDelayScoreShift", "FlightDelayClassShareShift"}
DRIFT_OF_SEGMENT = "FlightDelayScoreShiftInSegment"

StartService = Callable[[str], Service]


def test_healthy_windows_are_quiet_and_a_changed_unit_reaches_the_webhook_with_advice(
    stack: Stack, start_service: StartService, july: list[Flight]
):
    service = start_service("unit-change")
    replay = Replay(service.address)

    for third in in_chunks(july, -(-len(july) // 3)):
        replay.send(third, seconds=WINDOW_SECONDS)
    assert_quiet(stack, service.name)

    for second in islice(cycle(in_chunks(delay_in_seconds(july), 1000)), int(INCIDENT_SECONDS)):
        replay.send(second, seconds=1.0)
        if stack.notifier.inhibited(service.name):
            break
    assert_paged_with_advice(stack, service.name)

    # Every origin shifts too: that is known, and nobody is told, because the whole model has.
    assert stack.notifier.inhibited(service.name) == {DRIFT_OF_SEGMENT}
    assert {alert.name for alert in stack.webhook.firing(service.name)} <= DRIFT
    # Latency and errors stay green: that is why nobody would have noticed.
    assert stack.ask.alerts_fired(service.name) <= DRIFT | {DRIFT_OF_SEGMENT}


def test_a_model_that_is_not_called_any_more_pages(stack: Stack, start_service: StartService, july: list[Flight]):
    service = start_service("not-called")
    Replay(service.address).send(july[:3000], batch=20, seconds=5.0)

    page = await_until(
        "the page arrives",
        lambda: stack.webhook.first("FlightDelayCallsAbsent", service.name),
        within=INCIDENT_SECONDS,
    )
    assert page.receiver == "page"
    assert "nobody called flight-delay in not-called" in page.annotations["description"]
    assert "Do the figures arrive?" in page.annotations["advice"]


def test_every_metric_that_the_rules_and_their_advice_name_is_one_that_the_service_reports(
    stack: Stack, start_service: StartService, july: list[Flight]
):
    service = start_service("names")
    Replay(service.address).send(july[:100], batch=20)
    reported = await_until("metrics arrive", lambda: stack.ask.metrics(service.name), within=INCIDENT_SECONDS)

    rules = (COLLECTOR_FOLDER / "rules" / "flight_delay.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w:])ml_\w+(?![\w:])", rules))
    assert "ml_prediction_value_bucket" in named
    # Histograms are named in the advice without the suffix that their series have.
    families = reported | {metric.removesuffix("_count") for metric in reported}
    assert named - stack.ask.labels(service.name) <= families


def assert_quiet(stack: Stack, job: str) -> None:
    """No alert has fired, although the rules have seen the service: silence alone would prove nothing."""
    for figure in ("mean10m", "usual", "rows10m", "spread10m"):
        assert stack.ask.query(f'job_model:ml_prediction_value:{figure}{{job="{job}"}}'), figure
    assert stack.ask.alerts_fired(job) == set()
    assert stack.webhook.firing(job) == []


def assert_paged_with_advice(stack: Stack, job: str) -> None:
    page = stack.webhook.first("FlightDelayScoreShift", job)
    assert page is not None, f"no page; fired: {stack.ask.alerts_fired(job)}"
    assert page.receiver == "page"
    assert page.labels["ml_model_name"] == "flight-delay"
    assert "usual at this hour is 0.26" in page.annotations["description"]
    assert "What did we change?" in page.annotations["advice"]
    assert "seconds for minutes" in page.annotations["advice"]


def in_chunks(flights: list[Flight], size: int) -> list[list[Flight]]:
    return [flights[start : start + size] for start in range(0, len(flights), size)]
