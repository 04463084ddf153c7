"""BentoML: a supervisor starts processes with the service in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.servers.arrived import Arrived
from tests.servers.asked import Iris, check_probabilities
from tests.servers.conftest import Serve
from tests.servers.server import Server, ask_all, await_calls

SERVICE = """
import os, time
import bentoml, joblib, numpy as np

@bentoml.service(workers=2, metrics={"enabled": False})
class Iris:
    def __init__(self):
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> dict:
        answer = self.model.predict_proba(np.asarray(rows))
        time.sleep(0.02)  # a busy worker leaves the next request to the other one
        return {"process": os.getpid(), "probabilities": answer.tolist()}
"""


@pytest.fixture(autouse=True)
def _service(tmp_path: Path, iris: Iris) -> None:
    (tmp_path / "service.py").write_text(SERVICE)


def test_each_worker_reports_what_it_answered(serve: Serve, arrived: Arrived, iris: Iris) -> None:
    server = start(serve, iris)
    answers = ask_all(server, iris, processes=2)
    server.end()
    await_calls(server, arrived, len(answers))
    check_probabilities(arrived, answers)
    assert arrived.processes() == 2


def test_predictions_are_parts_of_requests(serve: Serve, arrived: Arrived, iris: Iris) -> None:
    # BentoML samples requests by a provider of its own, none by default; what belongs to them would be left out, too.
    server = start(serve, iris, OTEL_TRACES_SAMPLER="always_on")
    answers = ask_all(server, iris, processes=2)
    server.end()
    server.await_that("all spans arrived", lambda: len(predictions(arrived)) >= len(answers), within=20)
    spans = predictions(arrived)
    assert all(span.parent_span_id for span in spans)
    assert len({span.parent_span_id for span in spans}) == len({span.trace_id for span in spans}) == len(answers)


def start(serve: Serve, iris: Iris, **variables: str) -> Server:
    home = iris.path.with_name("bentoml")
    return serve(
        "bentoml serve service:Iris --host=127.0.0.1 --port={port}",
        ready="/readyz",
        BENTOML_DO_NOT_TRACK="True",
        BENTOML_HOME=str(home),
        MODEL=str(iris.path),
        **variables,
    )


def predictions(arrived: Arrived) -> list[Span]:
    return [span for span in list(arrived.spans) if span.name == "predict iris"]
