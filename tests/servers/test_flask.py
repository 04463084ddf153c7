"""Flask under gunicorn's workers, and by its own ``flask run``."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from .arrived import Arrived
from .asked import Iris, check_probabilities
from .conftest import Serve
from .server import ask_all, await_calls

SERVICE = """
import os, time
import joblib, numpy as np
from flask import Flask, request

app = Flask(__name__)
model = joblib.load("iris.joblib")

@app.post("/predict")
def predict():
    answer = model.predict_proba(np.asarray(request.get_json()["rows"]))
    time.sleep(0.02)  # a busy worker leaves the next request to the other one
    return {"process": os.getpid(), "probabilities": answer.tolist()}

@app.get("/healthz")
def healthz():
    return "ok"
"""


@pytest.fixture(autouse=True)
def _service(tmp_path: Path, iris: Iris) -> None:
    (tmp_path / "service.py").write_text(SERVICE)


@pytest.mark.parametrize("preload", ["", "--preload"], ids=["loaded by each", "preloaded"])
@pytest.mark.parametrize("worker", ["sync", "gthread --threads=4"], ids=["sync", "gthread"])
def test_each_worker_of_gunicorn_reports_what_it_answered(
    serve: Serve, arrived: Arrived, iris: Iris, worker: str, preload: str
) -> None:
    command = f"gunicorn --workers=2 --worker-class={worker} {preload} --bind=127.0.0.1:{{port}} service:app"
    server = serve(command, ready="/healthz")
    answers = ask_all(server, iris, processes=2)
    assert server.end() == 0
    await_calls(server, arrived, len(answers))
    check_probabilities(arrived, answers)
    assert arrived.processes() == 2


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_flask_run_reports_what_it_answered(serve: Serve, arrived: Arrived, iris: Iris, end: signal.Signals) -> None:
    server = serve("flask --app service run --port={port}", ready="/healthz")
    answers = ask_all(server, iris)
    server.end(end)
    await_calls(server, arrived, len(answers))
    check_probabilities(arrived, answers)
