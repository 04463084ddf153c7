"""Real flights, sent to the service, and a count of what was answered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pandas as pd
from attrs import define, field, frozen

FIELDS = ["origin", "dep_delay", "distance", "hour", "month", "temp", "wind_speed", "precip", "visib"]
CLIENTS = 4
ANSWER_SECONDS = 30.0
SINGLES_A_BATCH = 3
"""Flights that are sent one by one for each batch, so that both kinds of request are there."""

Flight = dict[str, Any]


def as_requests(flights: pd.DataFrame) -> list[Flight]:
    """Return flights as the bodies of requests; what is not known is null."""
    rows = flights[FIELDS].astype(object)
    known = rows.where(rows.notna(), None).itertuples(index=False, name=None)
    return [dict(zip(FIELDS, row, strict=True)) for row in known]


def delay_in_seconds(flights: Sequence[Flight]) -> list[Flight]:
    """Return the flights as the live path sends them after the incident: dep_delay in seconds."""
    return [{**flight, "dep_delay": flight["dep_delay"] * 60} for flight in flights]


@define
class Sent:
    """What the service has answered."""

    calls: int = 0
    rows: Counter[str] = field(factory=Counter)
    """Rows answered, by origin."""
    slowest_seconds: float = 0.0


@frozen
class _Answer:
    flights: Sequence[Flight]
    seconds: float


class Replay:
    """Sends flights with several clients at once, each request over a connection of its own.

    New connections are what spreads the requests over the workers of the service.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self.sent = Sent()

    def send(self, flights: Sequence[Flight], batch: int = 250, seconds: float = 0.0) -> None:
        """Send ``flights``, spread evenly over ``seconds``, and return when every one of them is answered."""
        bodies = list(_bodies(flights, batch))
        began = time.monotonic()
        with _client(self._address) as client, ThreadPoolExecutor(CLIENTS) as clients:
            answers = []
            for number, body in enumerate(bodies):
                due = began + seconds * number / len(bodies)
                time.sleep(max(0.0, due - time.monotonic()))
                answers.append(clients.submit(_post, client, body))
            for answer in answers:
                self._count(answer.result())

    def _count(self, answer: _Answer) -> None:
        self.sent.calls += 1
        self.sent.rows.update(flight["origin"] for flight in answer.flights)
        self.sent.slowest_seconds = max(self.sent.slowest_seconds, answer.seconds)


def _bodies(flights: Sequence[Flight], batch: int) -> Iterator[Sequence[Flight]]:
    """Yield the flights in order: a batch, a few one by one, a batch, …"""
    start = 0
    while start < len(flights):
        yield flights[start : start + batch]
        start += batch
        for single in flights[start : start + SINGLES_A_BATCH]:
            yield [single]
        start += SINGLES_A_BATCH


def _client(address: str) -> httpx.Client:
    no_reuse = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=address, timeout=ANSWER_SECONDS, limits=no_reuse, trust_env=False)


def _post(client: httpx.Client, flights: Sequence[Flight]) -> _Answer:
    began = time.monotonic()
    one = len(flights) == 1
    path, body = ("/predict", flights[0]) if one else ("/predict/batch", flights)
    answer = client.post(path, json=body)
    answer.raise_for_status()
    rows = 1 if one else len(answer.json())
    if rows != len(flights):
        message = f"{path} answered {rows} rows to {len(flights)} flights"
        raise ValueError(message)
    return _Answer(flights, time.monotonic() - began)
