"""Sends what client apps ask a service, as the examples' ``traffic`` modules make it up."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
from attrs import frozen

CLIENT_HEADER = "x-client-app"


@frozen
class Asked:
    """One request: which client app sends it, and its JSON."""

    client: str
    body: Any


Ask = Callable[..., Iterator[Asked]]
"""``ask(count, seed=0, broken=False)`` yields requests."""


def send(address: str, requests: Iterable[Asked]) -> list[Any]:
    """Send requests one after the other and return the answers.

    Parameters
    ----------
    address
        With the path: ``http://127.0.0.1:8000/recommend``.

    Raises
    ------
    httpx.HTTPStatusError
        The service has answered with an error.
    """
    answers = []
    with httpx.Client(timeout=30, trust_env=False) as http:
        for asked in requests:
            answer = http.post(address, json=asked.body, headers={CLIENT_HEADER: asked.client})
            answers.append(answer.raise_for_status().json())
    return answers


def main(ask: Ask, path: str, bug: str) -> None:
    """Read the command line and send."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--broken", action="store_true", help=bug)
    arguments = parser.parse_args()
    answers = send(arguments.address + path, ask(arguments.requests, arguments.seed, broken=arguments.broken))
    print(f"{len(answers)} requests answered")  # noqa: T201
