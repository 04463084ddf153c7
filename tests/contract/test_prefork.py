"""A server that forks its workers after the model was loaded, and even asked."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

PRELOADED_CALLS, REQUESTS, WORKERS = 7, 60, 2

SERVICE = """
import numpy as np, os, time
from sklearn.linear_model import LogisticRegression
inputs = np.random.default_rng(7).normal(size=(50, 4))
model = LogisticRegression().fit(inputs, inputs[:, 0] > 0)
for _ in range({calls}):
    model.predict_proba(inputs[:1])

def app(environ, start_response):
    model.predict_proba(inputs[:1])
    time.sleep(0.02)  # a busy worker leaves the next request to the other one
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""


class Exports(ThreadingHTTPServer):
    """Keeps what processes export over OTLP/HTTP."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[ExportMetricsServiceRequest] = []

    def calls(self) -> list[int]:
        """Return the number of model calls in each export."""
        return [
            sum(
                int(point.count)
                for resource in request.resource_metrics
                for scope in resource.scope_metrics
                for metric in scope.metrics
                if metric.name == "ml.prediction.duration"
                for point in metric.histogram.data_points
            )
            for request in self.received
        ]


class _Handler(BaseHTTPRequestHandler):
    server: Exports

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(ExportMetricsServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def exports() -> Iterator[Exports]:
    with Exports() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_workers_of_gunicorn_that_share_a_preloaded_model_count_each_call_once(
    exports: Exports, tmp_path: Path
) -> None:
    (tmp_path / "service.py").write_text(SERVICE.format(calls=PRELOADED_CALLS))
    scripts = Path(sys.executable).parent
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("OTEL_")},
        "HOME": str(tmp_path),
        "PATH": f"{scripts}:{os.environ['PATH']}",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{exports.server_port}",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
    }
    with socket.socket() as listening, (tmp_path / "output").open("w+") as output:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        command = ["gunicorn", "--preload", f"--workers={WORKERS}", f"--bind=fd://{listening.fileno()}", "service:app"]
        server = subprocess.Popen(
            [scripts / "opentelemetry-instrument", *command],
            cwd=tmp_path,
            env=environment,
            pass_fds=[listening.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            with ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda _: _get(address), range(REQUESTS)))
            server.terminate()
            server.wait(timeout=30)
        finally:
            server.kill()
            server.wait()
        output.seek(0)
        log = output.read()
    # Nobody exports before its end, a minute from now: one export a process.
    calls = sorted(exports.calls())
    assert len(set(answers)) == WORKERS
    assert len(calls) == 1 + WORKERS, log
    assert sum(calls) == PRELOADED_CALLS + REQUESTS, log


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as response:
        return response.read()
