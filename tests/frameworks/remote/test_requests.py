"""Requests: sessions, and the functions of the package."""

from __future__ import annotations

from typing import Any

import requests
from opentelemetry import trace
from requests.adapters import HTTPAdapter

from tests.frameworks.remote.http_contract import HttpContract, cases


def post(url: str, timeout: float = 30) -> tuple[int, Any]:
    response = requests.post(url, json={"instances": [1]}, timeout=timeout)
    return response.status_code, response.json()


class Watching(HTTPAdapter):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def send(self, request: requests.PreparedRequest, **keywords: Any) -> requests.Response:
        self.seen.append(trace.get_current_span().get_span_context().span_id)
        return super().send(request, **keywords)


class TestRequests(HttpContract):
    adapter = "requests"
    cases = cases(post)
    post = staticmethod(post)

    def stream(self, url: str) -> bytes:
        with requests.post(url, stream=True, timeout=30) as response:
            return b"".join(response.iter_content(3))

    def span_while_sending(self, url: str) -> int:
        watching = Watching()
        with requests.Session() as session:
            session.mount("http://", watching)
            session.post(url)
        return watching.seen[0]
