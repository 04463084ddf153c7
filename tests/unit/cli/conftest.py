"""The example's model and flights, once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from otel_mlmon.cli.demo.assets import Assets, prepare


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    folder: Path = tmp_path_factory.mktemp("flight-delay")
    return prepare(folder)
