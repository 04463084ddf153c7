"""Every row that the service answers is in Prometheus, once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from examples.local_stack.replay import Flight, Replay
from examples.local_stack.service import WORKERS, Service
from examples.local_stack.stack import Stack

from .totals import await_next_export, await_totals

pytestmark = pytest.mark.e2e

ARRIVAL_SECONDS = 15.0

StartService = Callable[[str], Service]


def test_counts_of_both_workers_add_up_to_the_rows_sent_for_every_origin(
    stack: Stack, start_service: StartService, july: list[Flight]
):
    service = start_service("totals")
    replay = Replay(service.address)
    send_until_reported_by(WORKERS, stack, service, replay, july)

    await_totals(stack.ask, service.name, replay.sent, within=ARRIVAL_SECONDS)
    await_next_export(stack.ask, service.name)
    await_totals(stack.ask, service.name, replay.sent, within=0)


def test_a_worker_that_is_replaced_takes_no_row_with_it(stack: Stack, start_service: StartService, july: list[Flight]):
    service = start_service("replaced-worker")
    replay = Replay(service.address)
    send_until_reported_by(WORKERS, stack, service, replay, july)
    replay.send(july[:500], batch=20)
    service.replace_worker()
    send_until_reported_by(WORKERS + 1, stack, service, replay, july)

    await_totals(stack.ask, service.name, replay.sent, within=ARRIVAL_SECONDS)


def test_rows_answered_right_before_sigterm_are_not_lost(stack: Stack, start_service: StartService, july: list[Flight]):
    service = start_service("sigterm")
    replay = Replay(service.address)
    replay.send(july[:1000], batch=20)
    service.program.stop()

    await_totals(stack.ask, service.name, replay.sent, within=ARRIVAL_SECONDS)


def send_until_reported_by(workers: int, stack: Stack, service: Service, replay: Replay, flights: list[Flight]) -> None:
    """Send a thousand flights, and more until so many processes have reported: the kernel chooses who answers."""
    for start in range(0, len(flights), 1000):
        replay.send(flights[start : start + 1000], batch=20, seconds=1.0)
        reporting = stack.ask.totals_by("instance", "ml_prediction_value_count", service.name)
        if len(reporting) == workers:
            return
    message = f"of {workers} processes only {sorted(reporting)} have reported"
    raise AssertionError(message)
