"""LitServe: models live in processes of their own, the HTTP server in another."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.servers.arrived import Arrived
from tests.servers.asked import Iris, check_probabilities
from tests.servers.conftest import Serve
from tests.servers.server import ask_all, await_calls

SERVICE = """
import os, sys, time
import litserve as ls

class IrisAPI(ls.LitAPI):
    def setup(self, device):
        import joblib
        self.model = joblib.load("iris.joblib")

    def decode_request(self, request):
        return request["rows"]

    def predict(self, rows):
        import numpy as np
        answer = self.model.predict_proba(np.asarray(rows))
        time.sleep(0.02)  # a busy worker leaves the next request to the other one
        return answer

    def encode_response(self, answer):
        return {"process": os.getpid(), "probabilities": answer.tolist()}

if __name__ == "__main__":
    server = ls.LitServer(IrisAPI(), accelerator="cpu", workers_per_device=2)
    server.run(port=int(sys.argv[1]), host="127.0.0.1", generate_client_file=False)
"""


@pytest.fixture(autouse=True)
def _service(tmp_path: Path, iris: Iris) -> None:
    (tmp_path / "service.py").write_text(SERVICE)


def test_each_worker_reports_what_it_answered(serve: Serve, arrived: Arrived, iris: Iris) -> None:
    server = serve("python service.py {port}", ready="/health")
    answers = ask_all(server, iris, processes=2)
    # What it does not end by: SIGTERM kills its first process only, and leaves the others without a parent.
    server.end(signal.SIGINT)
    await_calls(server, arrived, len(answers))
    check_probabilities(arrived, answers)
    assert arrived.processes() == 2
