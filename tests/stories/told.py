"""Tells a story: a healthy service for two stretches of time, and then one client app of it that is broken."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

from attrs import frozen

from examples.replay import Ask, send
from otel_mlmon import semconv
from tests.servers.arrived import Arrived
from tests.servers.conftest import Serve
from tests.stories.shares import Shares, Watched, added, between, moved, shares

ROOT = Path(__file__).parents[2]
EXPORT_MILLISECONDS = "200"


@frozen
class Told:
    """What was counted of a story, and all that moved in it."""

    healthy: Shares
    broken: Shares
    moved: set[Watched]

    def moved_of(self, kind: str) -> set[tuple[str, str]]:
        """Return which checks, input columns, calls or classes moved, each with its client app."""
        return {(watched.name, watched.client) for watched in self.moved if watched.kind == kind}

    def change(self, kind: str, name: str, client: str) -> tuple[float, float]:
        """Return a share before and after the bug."""
        watched = Watched(kind, name, client)
        return float(self.healthy[watched]), float(self.broken[watched])


def tell(serve: Serve, arrived: Arrived, *, example: str, model: Path, path: str, ask: Ask, requests: int) -> Told:
    """Start the service of an example as its users do, send each stretch, and look at what arrives.

    Parameters
    ----------
    ask
        Yields the requests; each stretch draws its own.
    requests
        Of each of the three stretches.
    """
    server = serve(
        f"uvicorn examples.{example}.service:app --port {{port}} --no-access-log",
        ready="/healthz",
        PYTHONPATH=os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        MODEL_PATH=str(model),
        OTEL_SERVICE_NAME=example,
        OTEL_TRACES_EXPORTER="none",
        OTEL_METRIC_EXPORT_INTERVAL=EXPORT_MILLISECONDS,
        OTEL_MLMON_CONFIG=str(ROOT / "examples" / example / "mlmon.yaml"),
    )
    sent = 0
    counted: list[Shares] = [{}]
    for seed, broken in enumerate((False, False, True)):
        send(server.address + path, ask(requests, seed, broken=broken))
        sent += requests
        server.await_that(f"{sent} calls arrived", lambda: arrived.calls() >= sent, within=20)  # noqa: B023
        counted.append(shares(arrived))
    assert arrived.failures() == []
    assert arrived.counted(semconv.PREDICTION_DURATION, semconv.MODEL_NAME) == {model.stem: sent}
    first, second, third = (between(*stretch) for stretch in pairwise(counted))
    assert moved(first, second) == set(), "nothing was broken"
    healthy = added(first, second)
    return Told(healthy, third, moved(healthy, third))
