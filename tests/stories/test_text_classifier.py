"""UTF-8 that one client reads as Latin-1: its messages are still answered, and much less surely."""

from __future__ import annotations

from pathlib import Path

from examples.text_classifier import traffic
from examples.text_classifier.train import train
from tests.servers.arrived import Arrived
from tests.servers.conftest import Serve
from tests.stories.told import tell


def test_misread_letters_show_as_ambiguous_messages_of_the_client_that_misreads(
    serve: Serve, arrived: Arrived, tmp_path: Path
) -> None:
    model = train(tmp_path)
    told = tell(
        serve, arrived, example="text_classifier", model=model, path=traffic.PATH, ask=traffic.ask, requests=150
    )
    assert told.moved_of("check") == {("ambiguous", traffic.BROKEN_CLIENT)}
    assert told.moved_of("call") == set()
    # Cyrillic is read as anything else.
    moved = told.moved_of("class")
    assert {("ru", traffic.BROKEN_CLIENT), ("uk", traffic.BROKEN_CLIENT)} <= moved
    assert {client for _, client in moved} == {traffic.BROKEN_CLIENT}

    usual, broken = told.change("check", "ambiguous", traffic.BROKEN_CLIENT)
    assert usual < 0.1
    assert broken > 0.2
