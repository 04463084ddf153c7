"""Start everything, let healthy traffic flow, break it, and wait for the page."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from attrs import frozen
from rich.console import Console

from examples.local_stack.backends import find_backends
from examples.local_stack.compressed import FACTOR
from examples.local_stack.failure import StackError
from examples.local_stack.page import title
from examples.local_stack.processes import free_ports
from examples.local_stack.replay import Flight, Replay, delay_in_seconds
from examples.local_stack.service import Service, build_service, train_model
from examples.local_stack.stack import Stack, build_stack
from examples.local_stack.traffic import ROWS_A_MINUTE
from examples.local_stack.webhook import Notification, serve_webhook

SERVICE = "flights"
HEALTHY_MINUTES = 75
"""An hour to compare with, and what the longest window beside it takes."""

PATIENCE_MINUTES = 90
MINUTE = 60 / FACTOR
"""Seconds that a minute of production takes here."""


@frozen
class Incident:
    """What has happened, once it has been noticed."""

    page: Notification
    minutes: float
    """Of production, from the first broken request to the page at the webhook."""


@frozen
class Running:
    """The stack and the service, answering."""

    stack: Stack
    service: Service


def start(folder: Path, programs: ExitStack, console: Console) -> Running:
    """Start every program; ``programs`` ends them."""
    console.print("The back ends. Go builds them the first time, which takes some minutes.")
    backends = find_backends()
    console.print("The model, trained on the flights of January to June.")
    model = train_model(folder)
    (port,) = free_ports(1)
    webhook = programs.enter_context(serve_webhook(port))
    stack = build_stack(backends, folder, webhook)
    service = build_service(SERVICE, model, stack.otlp, folder)
    for program in (*stack.programs, service.program):
        programs.callback(program.stop)
        program.start()
    return Running(stack, service)


def provoke(running: Running, traffic: Iterator[list[Flight]], console: Console) -> Incident:
    """Send healthy traffic and then broken one, until the page arrives.

    Raises
    ------
    StackError
        Nobody was paged in :data:`PATIENCE_MINUTES`.
    """
    webhook, replay = running.stack.webhook, Replay(running.service.address)
    console.print(f"{HEALTHY_MINUTES} minutes of healthy traffic, {ROWS_A_MINUTE} predictions in each.")
    with console.status("") as status:
        for minute in paced(replay, islice(traffic, HEALTHY_MINUTES)):
            status.update(f"healthy, minute {minute}")
    for told in webhook.received:
        console.print(f"Told while all was well: {', '.join(title(alert) for alert in told.alerts)}", markup=False)

    console.print("The incident: apps send dep_delay in seconds, no longer in minutes.")
    began = time.time()
    with console.status("") as status:
        for minute in paced(replay, map(delay_in_seconds, islice(traffic, PATIENCE_MINUTES))):
            status.update(f"broken, minute {minute}")
            page = webhook.first_page(since=began)
            if page is not None:
                return Incident(page, (page.arrived - began) / MINUTE)
    fired = ", ".join(sorted(running.stack.ask.alerts_fired(SERVICE))) or "none"
    message = f"no page in {PATIENCE_MINUTES} minutes of production; alerts that fired in Prometheus: {fired}"
    raise StackError(message)


def go_on(running: Running, traffic: Iterator[list[Flight]]) -> None:
    """Send broken traffic until interrupted, so that there is something to look at."""
    for _ in paced(Replay(running.service.address), map(delay_in_seconds, traffic)):
        pass


def paced(replay: Replay, traffic: Iterable[list[Flight]]) -> Iterator[int]:
    """Send what is asked minute by minute, each in its time, and yield the minute's number when it has passed."""
    began = time.monotonic()
    for number, asked in enumerate(traffic, start=1):
        replay.send(asked, batch=20, seconds=max(0.0, began + number * MINUTE - time.monotonic()))
        yield number
