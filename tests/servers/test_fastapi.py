"""FastAPI under uvicorn, alone and with processes, and under gunicorn."""

from __future__ import annotations

from pathlib import Path

import pytest

from .arrived import Arrived
from .asked import Iris, check_probabilities
from .conftest import Serve
from .server import ask_all, await_calls

SERVICE = """
import os, time
import joblib, numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load("iris.joblib")

class Asked(BaseModel):
    rows: list[list[float]]

@app.post("/predict")
def predict(asked: Asked):
    answer = model.predict_proba(np.asarray(asked.rows))
    time.sleep(0.02)  # a busy worker leaves the next request to the other one
    return {"process": os.getpid(), "probabilities": answer.tolist()}

@app.get("/healthz")
async def healthz():
    return "ok"
"""


@pytest.fixture(autouse=True)
def _service(tmp_path: Path, iris: Iris) -> None:
    (tmp_path / "service.py").write_text(SERVICE)


@pytest.mark.parametrize(
    ("command", "processes"),
    [
        ("uvicorn --port={port} service:app", 1),
        ("uvicorn --workers=2 --port={port} service:app", 2),
        ("gunicorn --workers=2 --worker-class=uvicorn_worker.UvicornWorker --bind=127.0.0.1:{port} service:app", 2),
    ],
    ids=["uvicorn", "processes of uvicorn", "workers of gunicorn"],
)
def test_each_process_reports_what_it_answered(
    serve: Serve, arrived: Arrived, iris: Iris, command: str, processes: int
) -> None:
    server = serve(command, ready="/healthz")
    answers = ask_all(server, iris, processes=processes)
    server.end()
    await_calls(server, arrived, len(answers))
    check_probabilities(arrived, answers)
    assert arrived.processes() == processes
