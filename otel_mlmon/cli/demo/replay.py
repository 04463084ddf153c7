"""The clients of the service: they send flights over HTTP, hour by hour, in the order of their departure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from time import perf_counter
from types import TracebackType
from typing import Any

import httpx
import pandas as pd
from attrs import frozen

SINGLES_PER_HOUR = 4
"""How many flights of an hour are asked for one by one, as they leave; the others go in one batch."""


@frozen
class Traffic:
    """Requests as their sender saw them."""

    rows: int
    """Flights answered with status 200."""
    seconds: tuple[float, ...]
    """How long each request took."""
    failures: int
    """Requests without an answer or with another status."""

    @property
    def requests(self) -> int:
        """Return how many requests were sent."""
        return len(self.seconds)


class Client:
    """Sends flights to ``POST /predict`` and ``POST /predict/batch``."""

    def __init__(self, address: str) -> None:
        self._http = httpx.Client(base_url=address, timeout=30, trust_env=False)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, flights: pd.DataFrame) -> Traffic:
        """Send one hour's flights: a few singly, the rest as a batch."""
        records = _records(flights)
        singles, batch = records[:SINGLES_PER_HOUR], records[SINGLES_PER_HOUR:]
        rows = failures = 0
        seconds = []
        for path, content, size in [
            *(("/predict", record, 1) for record in singles),
            *((("/predict/batch", batch, len(batch)),) if batch else ()),
        ]:
            started = perf_counter()
            answered = self._post(path, content)
            seconds.append(perf_counter() - started)
            rows += size if answered else 0
            failures += not answered
        return Traffic(rows, tuple(seconds), failures)

    def _post(self, path: str, content: Any) -> bool:
        try:
            return self._http.post(path, json=content).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def by_hour(flights: pd.DataFrame, first: datetime) -> Iterator[tuple[datetime, pd.DataFrame]]:
    """Yield the flights of each hour from ``first`` on, in their order."""
    for hour, group in flights[flights["time"] >= first].groupby("time", sort=True):
        yield pd.Timestamp(str(hour)).to_pydatetime(), group


def _records(flights: pd.DataFrame) -> list[dict[str, Any]]:
    columns = flights.drop(columns=["time", "late"])
    rows = columns.astype(object).where(columns.notna(), None).itertuples(index=False, name=None)
    return [dict(zip(columns.columns, row, strict=True)) for row in rows]
