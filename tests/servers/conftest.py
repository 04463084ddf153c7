"""A receiver for what servers export, their model, and their end at the end of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from otel_mlmon.cli.receiver import Receiver

from .arrived import Arrived
from .asked import Iris, make_iris
from .server import Server, environment_of, free_port

Serve = Callable[..., Server]


@pytest.fixture
def arrived() -> Arrived:
    return Arrived()


@pytest.fixture
def iris(tmp_path: Path) -> Iris:
    return make_iris(tmp_path)


@pytest.fixture
def serve(arrived: Arrived, tmp_path: Path) -> Iterator[Serve]:
    """Start a server under ``opentelemetry-instrument``: ``serve(command, ready="/path", **environment)``.

    ``{port}`` in command and environment is a free one.
    """
    started: list[Server] = []
    with Receiver(arrived.metrics, on_traces=arrived.traces) as receiver:

        def start(command: str, *, ready: str, instrumented: bool = True, **variables: str) -> Server:
            port = free_port()
            variables = {name: value.format(port=port) for name, value in variables.items()}
            environment = environment_of(receiver.endpoint, tmp_path, **variables)
            arguments = [*(["opentelemetry-instrument"] if instrumented else []), *command.format(port=port).split()]
            server = Server(arguments, f"http://127.0.0.1:{port}", tmp_path, environment)
            started.append(server)
            server.await_ready(ready)
            return server

        yield start
        for server in started:
            server.kill()
