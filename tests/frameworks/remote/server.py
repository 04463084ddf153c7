"""A server in a thread, as models have them in front."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from attrs import field, frozen


@frozen
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes


@frozen
class Reply:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(factory=dict)


Routes = Callable[[Request], Reply]


def in_json(value: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, routes: Routes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.routes = routes

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: a client that does not wait for the answer is part of the test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        reply = self.server.routes(Request(self.path, self.headers, body))
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        """Keep quiet."""


class Server:
    """Binds its port when it is made, and answers between ``with`` and its end."""

    def __init__(self, routes: Routes) -> None:
        self._server = _Server(routes)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class Gate:
    """Keeps answers back until it is opened."""

    def __init__(self) -> None:
        self._open = Event()

    def open(self) -> None:
        self._open.set()

    def wait(self) -> None:
        self._open.wait(30)
        self._open.clear()
