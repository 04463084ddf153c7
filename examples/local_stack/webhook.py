"""The last station: the receiver that Alertmanager notifies."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pandas as pd
from attrs import define, field, frozen


@frozen
class Alert:
    """One alert of a notification."""

    receiver: str
    firing: bool
    since: float
    """When it began to fire, in seconds since the epoch."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.labels["alertname"]


@frozen
class Notification:
    """One message of Alertmanager: the alerts of a group."""

    receiver: str
    arrived: float
    """Seconds since the epoch."""
    alerts: tuple[Alert, ...]

    @property
    def firing(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in self.alerts if alert.firing)


@define
class Webhook:
    """What has arrived, in order."""

    address: str
    received: list[Notification] = field(factory=list)

    def firing(self, job: str) -> list[Alert]:
        """Return every notice of a firing alert for a service."""
        alerts = (alert for notification in list(self.received) for alert in notification.firing)
        return [alert for alert in alerts if alert.labels.get("job") == job]

    def first(self, name: str, job: str) -> Alert | None:
        """Return the first notice of one alert."""
        return next((alert for alert in self.firing(job) if alert.name == name), None)

    def first_page(self, since: float) -> Notification | None:
        """Return the first message that wakes somebody for what fires since then."""
        pages = (each for each in list(self.received) if each.receiver == "page" and each.arrived >= since)
        return next((page for page in pages if page.firing), None)


def notification_of(body: Any, arrived: float) -> Notification:
    """Read the body that Alertmanager posts (version 4 of its format)."""
    alerts = (
        Alert(
            body["receiver"],
            each["status"] == "firing",
            pd.Timestamp(each["startsAt"]).timestamp(),
            each["labels"],
            each["annotations"],
        )
        for each in body["alerts"]
    )
    return Notification(body["receiver"], arrived, tuple(alerts))


@contextmanager
def serve_webhook(port: int) -> Iterator[Webhook]:
    """Serve ``/page`` and ``/ticket`` on the loopback, until left."""
    webhook = Webhook(f"http://127.0.0.1:{port}")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            webhook.received.append(notification_of(body, time.time()))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: what arrives is kept."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = Thread(target=server.serve_forever, name="webhook", daemon=True)
    thread.start()
    try:
        yield webhook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
