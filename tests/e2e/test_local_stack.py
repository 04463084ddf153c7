"""The command that ends with a page, as its user runs it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from examples.local_stack.backends import ROOT, Backends

pytestmark = pytest.mark.e2e

END_SECONDS = 60
INTERRUPTED = 130


@dataclass(frozen=True)
class Kept:
    """The command after the page has come, while it leaves everything running."""

    process: subprocess.Popen[str]
    told: str


@pytest.fixture(scope="module")
def kept(backends: Backends) -> Iterator[Kept]:
    process = subprocess.Popen(
        [sys.executable, "-m", "examples.local_stack", "--keep"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told = []
    for line in process.stdout:
        told.append(line)
        if "until Ctrl-C" in line:
            break
    yield Kept(process, "".join(told))
    process.terminate()
    process.communicate(timeout=END_SECONDS)


def test_the_page_names_the_input_that_changed_and_asks_first_what_we_changed(kept: Kept):
    before, page = kept.told.split("The incident:")
    assert "Told while all was well" not in before
    (minutes,) = re.findall(r"(\d+) minutes after", page)
    assert int(minutes) <= 15

    words = " ".join(re.sub("[│╭╮╰╯─]", " ", page).split())
    wrong, _, to_do = words.partition("What to do first")
    assert "PAGE flight-delay" in wrong
    assert {"dep_delay", "out_of_range"} <= set(wrong.split())
    assert re.match(r" 1\. What did \W*we\W* change\?", to_do)


def test_all_that_was_started_ends_with_ctrl_c(kept: Kept):
    addresses = re.findall(r"http://127\.0\.0\.1:\d+", kept.told)
    logs = Path(re.search(r"logs +(\S+)", kept.told)[1])
    assert len(addresses) == 5
    assert all(answers(address) for address in addresses)
    assert {file.stem for file in logs.glob("*.log")} == {"alertmanager", "collector", "flights", "prometheus"}

    kept.process.send_signal(signal.SIGINT)
    assert kept.process.wait(END_SECONDS) == INTERRUPTED
    assert not any(answers(address) for address in addresses)
    assert not logs.exists()


def answers(address: str) -> bool:
    try:
        httpx.get(address, timeout=5, trust_env=False)
    except httpx.ConnectError:
        return False
    return True
