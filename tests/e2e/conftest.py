"""The back ends once a session; a service of its own for each test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from examples.flight_delay.data import load_flights
from examples.flight_delay.train import MODEL_FILE
from examples.local_stack.backends import (
    NEEDED_GO,
    NEEDED_GO_IN_WORDS,
    Backends,
    BackendsMissingError,
    find_backends,
    go_version,
)
from examples.local_stack.processes import LOG_TAIL, Program, free_ports
from examples.local_stack.replay import Flight, as_requests
from examples.local_stack.service import Service, build_service, train_model
from examples.local_stack.stack import Stack, build_stack
from examples.local_stack.webhook import serve_webhook

JULY = 7

_programs = pytest.StashKey[list[Program]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_programs] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Show what the programs have written beside the failure of a test that used them."""
    report = yield
    if report.failed:
        for program in item.config.stash[_programs]:
            report.sections.append((f"end of {program.log_file.name}", program.log()[-LOG_TAIL:]))
    return report


@pytest.fixture(scope="session")
def backends() -> Backends:
    """The real programs; without them a test skips, and fails where CI is set: there nothing may go untested."""
    try:
        return find_backends()
    except BackendsMissingError as missing:
        skip_or_fail(str(missing))


@pytest.fixture(scope="session")
def go() -> None:
    """Go, with the same rule."""
    if go_version() < NEEDED_GO:
        skip_or_fail(f"needs {NEEDED_GO_IN_WORDS}")


def skip_or_fail(missing: str) -> NoReturn:
    """Skip a test for what is not there, but where CI is set."""
    if os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the example's model and its baseline."""
    folder = tmp_path_factory.mktemp("model")
    train_model(folder)
    return folder


@pytest.fixture(scope="session")
def july() -> list[Flight]:
    """All flights of July, in time order."""
    flights = load_flights()
    return as_requests(flights[flights["month"] == JULY])


@pytest.fixture(scope="session")
def stack(backends: Backends, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """Collector, Prometheus, Alertmanager and the webhook, running."""
    (port,) = free_ports(1)
    with serve_webhook(port) as webhook:
        stack = build_stack(backends, tmp_path_factory.mktemp("stack"), webhook)
        pytestconfig.stash[_programs].extend(stack.programs)
        try:
            for program in stack.programs:
                program.start()
            yield stack
        finally:
            for program in reversed(stack.programs):
                program.stop()


@pytest.fixture
def start_service(
    stack: Stack, trained: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> Iterator[Callable[[str], Service]]:
    """Start the example service under a name, and stop it after the test."""
    started: list[Program] = []

    def start(name: str) -> Service:
        service = build_service(name, trained / MODEL_FILE, stack.otlp, tmp_path)
        started.append(service.program)
        pytestconfig.stash[_programs].append(service.program)
        service.program.start()
        return service

    yield start
    for program in started:
        program.stop()
        pytestconfig.stash[_programs].remove(program)
