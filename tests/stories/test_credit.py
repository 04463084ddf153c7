"""A field that one app no longer sends: its applicants have no debts, and too many are approved."""

from __future__ import annotations

from pathlib import Path

from examples.credit import traffic
from examples.credit.data import APPROVE, DECLINE
from examples.credit.train import train
from tests.servers.arrived import Arrived
from tests.servers.conftest import Serve
from tests.stories.told import tell


def test_the_lost_field_shows_at_the_inputs_and_at_the_approved_share_of_the_app_that_lost_it(
    serve: Serve, arrived: Arrived, tmp_path: Path
) -> None:
    model = train(tmp_path)
    told = tell(serve, arrived, example="credit", model=model, path=traffic.PATH, ask=traffic.ask, requests=150)
    broken = traffic.BROKEN_CLIENT
    assert told.moved_of("input") == {(traffic.LOST_FIELD, broken)}
    assert told.moved_of("class") == {(APPROVE, broken), (DECLINE, broken)}
    assert told.moved_of("check") == {("declined", broken)}
    assert told.moved_of("call") == set()

    usual_approved, approved = told.change("class", APPROVE, broken)
    assert usual_approved < 0.85
    assert approved > 0.92
    usual_bad, bad = told.change("input", traffic.LOST_FIELD, broken)
    assert usual_bad < 0.01
    assert bad == 1.0
