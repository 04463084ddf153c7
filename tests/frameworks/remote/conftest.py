"""Servers are up while there are tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.frameworks.remote.http_contract import SERVER


@pytest.fixture(scope="session", autouse=True)
def _serving() -> Iterator[None]:
    with SERVER.running():
        yield
