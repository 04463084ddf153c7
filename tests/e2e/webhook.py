"""The last station: the receiver that Alertmanager notifies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Alert:
    """One alert of a notification."""

    receiver: str
    firing: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.labels["alertname"]


@dataclass
class Webhook:
    """What has arrived, in order."""

    address: str
    received: list[Alert] = field(default_factory=list)

    def firing(self, job: str) -> list[Alert]:
        """Return every notice of a firing alert for a service."""
        return [alert for alert in list(self.received) if alert.firing and alert.labels.get("job") == job]

    def first(self, name: str, job: str) -> Alert | None:
        """Return the first notice of one alert."""
        return next((alert for alert in self.firing(job) if alert.name == name), None)


@contextmanager
def serve_webhook(port: int) -> Iterator[Webhook]:
    """Serve ``/page`` and ``/ticket`` on the loopback, until left."""
    webhook = Webhook(f"http://127.0.0.1:{port}")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            webhook.received.extend(
                Alert(body["receiver"], each["status"] == "firing", each["labels"], each["annotations"])
                for each in body["alerts"]
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: what arrives is asserted."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever, name="webhook", daemon=True)
    thread.start()
    try:
        yield webhook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
