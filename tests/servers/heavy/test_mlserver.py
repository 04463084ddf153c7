"""MLServer with its scikit-learn runtime: models live in a pool of spawned processes, or in the server's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.servers.arrived import Arrived
from tests.servers.asked import Iris, Rows, check_probabilities
from tests.servers.conftest import Serve
from tests.servers.server import Server, ask_all, await_calls, free_port

MODEL = {
    "name": "iris",
    "implementation": "mlserver_sklearn.SKLearnModel",
    "parameters": {"uri": "./iris.joblib", "version": "v1"},
}


def ask(server: Server, batch: Rows) -> tuple[str, NDArray[np.float64]]:
    """Ask by the Open Inference Protocol, which does not tell which process answers."""
    rows = {"name": "rows", "shape": [len(batch), 4], "datatype": "FP64", "data": np.ravel(batch).tolist()}
    answer = server.post("/v2/models/iris/infer", {"inputs": [rows], "outputs": [{"name": "predict_proba"}]})
    (output,) = answer["outputs"]
    return "", np.reshape(output["data"], output["shape"])


@pytest.mark.parametrize("workers", [0, 2], ids=["in its own process", "in a pool"])
def test_each_process_reports_what_it_answered(
    serve: Serve, arrived: Arrived, iris: Iris, tmp_path: Path, workers: int
) -> None:
    settings = {"parallel_workers": workers, "host": "127.0.0.1", "grpc_port": free_port(), "metrics_port": free_port()}
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "model-settings.json").write_text(json.dumps(MODEL))
    server = serve("mlserver start .", ready="/v2/models/iris/ready", MLSERVER_HTTP_PORT="{port}")
    answers = ask_all(server, iris, ask)
    assert server.end() == 0
    await_calls(server, arrived, len(answers))
    check_probabilities(arrived, answers)
    assert arrived.processes() == max(1, workers)
