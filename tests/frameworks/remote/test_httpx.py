"""httpx: clients of both kinds."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from opentelemetry import trace

from tests.collected import Collected
from tests.frameworks.remote.http_contract import SERVER, HttpContract, cases


def post(url: str, timeout: float = 30) -> tuple[int, Any]:
    with httpx.Client(follow_redirects=True, timeout=timeout) as client:
        response = client.post(url, json={"instances": [1]})
        return response.status_code, response.json()


def post_in_coroutine(url: str, timeout: float = 30) -> tuple[int, Any]:
    async def run() -> tuple[int, Any]:
        async with httpx.AsyncClient(follow_redirects=True, timeout=timeout) as client:
            response = await client.post(url, json={"instances": [1]})
            return response.status_code, response.json()

    return asyncio.run(run())


class TestClient(HttpContract):
    adapter = "httpx"
    cases = cases(post)
    post = staticmethod(post)

    def stream(self, url: str) -> bytes:
        with httpx.stream("POST", url) as response:
            return b"".join(response.iter_bytes(3))

    def span_while_sending(self, url: str) -> int:
        seen: list[int] = []

        def sending(_request: httpx.Request) -> None:
            seen.append(trace.get_current_span().get_span_context().span_id)

        with httpx.Client(event_hooks={"request": [sending]}) as client:
            client.post(url)
        return seen[0]

    def test_the_response_is_the_one_of_the_client(self, telemetry: Collected) -> None:
        answers = []
        with httpx.Client(event_hooks={"response": [answers.append]}) as client:
            assert client.post(f"{SERVER.url}/bento") is answers[0]


class TestAsyncClient(HttpContract):
    adapter = "httpx"
    cases = cases(post_in_coroutine)
    post = staticmethod(post_in_coroutine)

    def stream(self, url: str) -> bytes:
        async def run() -> bytes:
            async with httpx.AsyncClient() as client, client.stream("POST", url) as response:
                return b"".join([part async for part in response.aiter_bytes(3)])

        return asyncio.run(run())

    def span_while_sending(self, url: str) -> int:
        seen: list[int] = []

        async def sending(_request: httpx.Request) -> None:
            seen.append(trace.get_current_span().get_span_context().span_id)

        async def run() -> None:
            async with httpx.AsyncClient(event_hooks={"request": [sending]}) as client:
                await client.post(url)

        asyncio.run(run())
        return seen[0]
