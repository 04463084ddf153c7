"""Runs each contract for each of its cases."""

from __future__ import annotations

import pytest

from tests.frameworks.contract import FrameworkContract


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    contract = metafunc.cls
    if contract is None or not issubclass(contract, FrameworkContract):
        return
    failing = {name: case for name, case in contract.cases.items() if case.fail is not None}
    for argument, known in (("case", contract.cases), ("failing", failing), ("train", contract.training)):
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, list(known.values()), ids=list(known))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a contract has no cases for, instead of skipping it."""
    left_out = [item for item in items if item.name.endswith("[NOTSET]")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
