"""``mlflow models serve``: its command starts the server as another program, with the model as a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest
from numpy.typing import NDArray

from otel_mlmon import semconv
from tests.servers.arrived import Arrived
from tests.servers.asked import CLASSES, Iris, Rows
from tests.servers.conftest import Serve
from tests.servers.server import Server, ask_all, await_calls

COMMAND = "mlflow models serve --model-uri models:/Iris@live --env-manager local --host 127.0.0.1 --port {port}"


@pytest.fixture
def registry(tmp_path: Path, iris: Iris, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Register the model, give its only version an alias, and return the registry's address."""
    # MLflow puts files beside its data base, and some into the working folder.
    monkeypatch.chdir(tmp_path)
    before, uri = mlflow.get_tracking_uri(), f"sqlite:///{tmp_path}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            iris.model,
            artifact_path="model",
            registered_model_name="Iris",
            pyfunc_predict_fn="predict_proba",
            pip_requirements=["scikit-learn"],
        )
    mlflow.MlflowClient().set_registered_model_alias("Iris", "live", "1")
    yield uri
    mlflow.set_tracking_uri(before)


def ask(server: Server, batch: Rows) -> tuple[str, NDArray[np.float64]]:
    """Ask by MLflow's protocol, which does not tell which process answers."""
    return "", np.asarray(server.post("/invocations", {"inputs": batch})["predictions"])


@pytest.mark.parametrize("workers", [1, 2], ids=["one process", "two processes"])
def test_the_server_reports_what_it_answered_by_the_registered_name_and_version(
    serve: Serve, arrived: Arrived, iris: Iris, registry: str, workers: int
) -> None:
    server = serve(
        f"{COMMAND} --workers {workers}",
        ready="/ping",
        MLFLOW_TRACKING_URI=registry,
        MLFLOW_DISABLE_TELEMETRY="true",
    )
    answers = ask_all(server, iris, ask)
    server.end()
    await_calls(server, arrived, len(answers))
    rows = np.concatenate(answers)
    assert arrived.counted(semconv.PREDICTION_DURATION, semconv.MODEL_VERSION) == {"1": len(answers)}
    assert arrived.counted(semconv.PREDICTION_DURATION, semconv.MODEL_NAME) == {"Iris": len(answers)}
    assert arrived.counted(semconv.MODEL_INFO, semconv.FRAMEWORK).keys() == {"mlflow"}
    assert arrived.summed(semconv.PREDICTION_BATCH_SIZE, semconv.MODEL_NAME) == {"Iris": len(rows)}
    winners = Counter(CLASSES[index] for index in rows.argmax(axis=1))
    assert arrived.counted(semconv.PREDICTIONS, semconv.PREDICTION_CLASS) == winners
    assert arrived.summed(semconv.PREDICTION_VALUE, semconv.OUTPUT_NAME) == pytest.approx(
        dict(zip(CLASSES, rows.sum(axis=0), strict=True))
    )
    assert arrived.failures() == []
    assert 1 <= arrived.processes() <= workers
