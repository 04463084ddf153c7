"""The last ten articles instead of the last ten orders: the favourite falls out of the recommendations of one app."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from examples.recommender import traffic
from examples.recommender.data import load_orders
from examples.recommender.train import train
from tests.servers.arrived import Arrived
from tests.servers.conftest import Serve
from tests.stories.told import tell


@pytest.mark.filterwarnings("ignore:Method expects CSR input")
def test_favourites_of_the_app_that_sends_too_little_fall_out_and_nothing_else_moves(
    serve: Serve, arrived: Arrived, tmp_path: Path
) -> None:
    rows = load_orders()
    model, ask = train(tmp_path, rows), partial(traffic.ask, rows=rows)
    told = tell(serve, arrived, example="recommender", model=model, path=traffic.PATH, ask=ask, requests=900)
    assert told.moved_of("check") == {("favourite-rank", traffic.BROKEN_CLIENT)}
    assert {watched.kind for watched in told.moved} == {"check"}
    usual, broken = told.change("check", "favourite-rank", traffic.BROKEN_CLIENT)
    assert usual < 0.35
    assert broken > 0.5
