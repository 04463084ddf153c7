"""aiohttp's client, whose responses come before their bodies."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from opentelemetry import trace

from tests.collected import Collected
from tests.frameworks.remote.http_contract import SERVER, HttpContract, cases


def post(url: str, timeout: float = 30) -> tuple[int, Any]:
    async def run() -> tuple[int, Any]:
        limits = aiohttp.ClientTimeout(total=timeout)
        async with (
            aiohttp.ClientSession(timeout=limits) as session,
            session.post(url, json={"instances": [1]}) as response,
        ):
            return response.status, await response.json()

    return asyncio.run(run())


class TestAiohttp(HttpContract):
    adapter = "aiohttp"
    cases = cases(post)
    post = staticmethod(post)

    def stream(self, url: str) -> bytes:
        async def run() -> bytes:
            async with aiohttp.ClientSession() as session, session.post(url) as response:
                return b"".join([part async for part in response.content.iter_chunked(3)])

        return asyncio.run(run())

    def span_while_sending(self, url: str) -> int:
        seen: list[int] = []

        async def sending(*_arguments: object) -> None:
            seen.append(trace.get_current_span().get_span_context().span_id)

        async def run() -> None:
            watching = aiohttp.TraceConfig()
            watching.on_request_start.append(sending)
            async with aiohttp.ClientSession(trace_configs=[watching]) as session, session.post(url) as response:
                await response.read()

        asyncio.run(run())
        return seen[0]

    def test_a_body_that_is_read_twice_is_one_call(self, telemetry: Collected) -> None:
        async def run() -> tuple[Any, Any]:
            async with aiohttp.ClientSession() as session, session.post(f"{SERVER.url}/bento") as response:
                return json.loads(await response.text()), await response.json()

        assert asyncio.run(run()) == ([1.5, 2.5], [1.5, 2.5])
        assert telemetry.count("ml.prediction.duration") == 1
        assert telemetry.total("ml.prediction.value") == 4.0

    def test_a_base_address_is_part_of_the_address(self, telemetry: Collected) -> None:
        async def run() -> None:
            async with aiohttp.ClientSession(SERVER.url) as session, session.post("/rank") as response:
                await response.read()

        asyncio.run(run())
        assert telemetry.count("ml.prediction.duration", ml_model_name="home-ranking") == 1

    def test_a_body_that_nobody_fetches_is_a_call(self, telemetry: Collected) -> None:
        async def run() -> None:
            async with aiohttp.ClientSession() as session, session.post(f"{SERVER.url}/bento"):
                pass

        asyncio.run(run())
        assert telemetry.count("ml.prediction.duration") == 1
        assert telemetry.points("ml.prediction.value") == []

    def test_calls_at_once_are_apart(self, telemetry: Collected) -> None:
        async def run() -> None:
            async with aiohttp.ClientSession() as session:

                async def one(path: str) -> None:
                    async with session.post(f"{SERVER.url}{path}") as response:
                        await response.json()

                await asyncio.gather(*(one(path) for path in ["/rank", "/bento"] * 10))

        asyncio.run(run())
        assert telemetry.counts_by("ml.prediction.duration", "ml.model.name") == {"home-ranking": 10, "127.0.0.1": 10}
        assert telemetry.total("ml.prediction.value", ml_model_name="home-ranking") == pytest.approx(4.0)
