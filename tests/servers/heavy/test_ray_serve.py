"""Ray Serve: models live in replicas, processes that Ray starts and kills.

Ray's own processes report by OpenTelemetry, too, and want a provider of their own: only its workers are instrumented.
"""

from __future__ import annotations

import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.servers.arrived import Arrived
from tests.servers.asked import Iris, check_probabilities
from tests.servers.conftest import Serve
from tests.servers.server import ask_all, await_calls

SERVICE = """
import os, time
import joblib, numpy as np, ray
from ray import serve
from starlette.requests import Request

@serve.deployment(num_replicas=2, ray_actor_options={"num_cpus": 0})
class Iris:
    def __init__(self, path):
        self.model = joblib.load(path)

    async def __call__(self, request: Request):
        if request.method == "GET":
            return "ok"
        rows = (await request.json())["rows"]
        answer = self.model.predict_proba(np.asarray(rows))
        time.sleep(0.02)  # a busy replica leaves the next request to the other one
        return {"process": os.getpid(), "probabilities": answer.tolist()}

app = Iris.bind(os.path.abspath("iris.joblib"))
ray.init(
    runtime_env={"worker_process_setup_hook": "opentelemetry.instrumentation.auto_instrumentation.initialize"},
    num_cpus=2,
    include_dashboard=False,
    object_store_memory=100_000_000,
    _node_ip_address="127.0.0.1",
)
serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"])})
"""


@pytest.fixture(autouse=True)
def _service(tmp_path: Path, iris: Iris) -> None:
    (tmp_path / "service.py").write_text(SERVICE)


VARIABLES = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "120"}


def test_each_replica_reports_what_it_answered(serve: Serve, arrived: Arrived, iris: Iris, tmp_path: Path) -> None:
    with TemporaryDirectory(prefix="ray-", dir="/tmp") as short:  # pytest's folders are too long for its sockets
        server = serve(
            "serve run service:app", ready="/", instrumented=False, PORT="{port}", RAY_TMPDIR=short, **VARIABLES
        )
        answers = ask_all(server, iris, processes=2)
        server.end(signal.SIGINT)
        await_calls(server, arrived, len(answers))
        check_probabilities(arrived, answers)
        assert arrived.processes() == 2
