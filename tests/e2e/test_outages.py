"""What stands between the service and Prometheus may die; the service answers and no total is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from examples.local_stack.replay import Flight, Replay
from examples.local_stack.service import Service
from examples.local_stack.stack import Stack

from .totals import await_totals, counted

pytestmark = pytest.mark.e2e

ARRIVAL_SECONDS = 15.0
CATCH_UP_SECONDS = 45.0
"""The SDK gives up an export after 10 s and tries again with the next; the agent waits up to 30 s between attempts."""

StartService = Callable[[str], Service]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_totals_catch_up_after_a_collector_outage_that_no_request_feels(
    stack: Stack, start_service: StartService, july: list[Flight], end: str
):
    service = start_service(f"collector-{end}")
    replay = Replay(service.address)
    replay.send(july[:500], batch=20)
    await_totals(stack.ask, service.name, replay.sent, within=ARRIVAL_SECONDS)

    before = counted(stack.ask, service.name)
    getattr(stack.collector, end)()
    try:
        replay.send(july[500:1500], batch=20, seconds=5)
        assert counted(stack.ask, service.name) == before
    finally:
        stack.collector.start()
    replay.send(july[1500:2000], batch=20)

    await_totals(stack.ask, service.name, replay.sent, within=CATCH_UP_SECONDS)
    assert replay.sent.slowest_seconds < 5


def test_what_waits_in_the_collector_for_prometheus_survives_the_death_of_service_and_collector(
    stack: Stack, start_service: StartService, july: list[Flight]
):
    service = start_service("prometheus-outage")
    replay = Replay(service.address)
    replay.send(july[:500], batch=20)
    await_totals(stack.ask, service.name, replay.sent, within=ARRIVAL_SECONDS)

    stack.prometheus.stop()
    try:
        replay.send(july[500:1000], batch=20, seconds=2)
        service.program.stop()
        stack.collector.kill()
    finally:
        stack.prometheus.start()
        if not stack.collector.running:
            stack.collector.start()

    # The last figures of the service now lie nowhere but in the collector's queue.
    await_totals(stack.ask, service.name, replay.sent, within=CATCH_UP_SECONDS)
