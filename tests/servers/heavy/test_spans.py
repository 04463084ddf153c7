"""Spans of predictions are children of the request's, which OpenTelemetry's own instrumentation of the server makes."""

from __future__ import annotations

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.servers import test_fastapi, test_flask
from tests.servers.arrived import Arrived
from tests.servers.asked import Iris
from tests.servers.conftest import Serve
from tests.servers.server import ask_all


@pytest.mark.parametrize(
    ("service", "command"),
    [
        (test_fastapi.SERVICE, "uvicorn --port={port} service:app"),
        (test_flask.SERVICE, "gunicorn --worker-class=gthread --threads=4 --bind=127.0.0.1:{port} service:app"),
        (test_flask.SERVICE, "flask --app service run --port={port}"),
    ],
    ids=["FastAPI", "Flask", "flask run"],
)
def test_each_prediction_is_a_child_of_its_request(
    serve: Serve, arrived: Arrived, iris: Iris, service: str, command: str
) -> None:
    iris.path.with_name("service.py").write_text(service)
    server = serve(command, ready="/healthz")
    answers = ask_all(server, iris)
    server.end()
    server.await_that("all spans arrived", lambda: len(predictions(arrived)) >= len(answers), within=20)
    requests = {span.span_id: span for span in arrived.spans if span.kind == Span.SPAN_KIND_SERVER}
    parents = [requests[span.parent_span_id] for span in predictions(arrived)]
    assert [span.name for span in parents] == ["POST /predict"] * len(answers)
    assert len({span.span_id for span in parents}) == len(answers)
    assert all(span.trace_id == parent.trace_id for span, parent in zip(predictions(arrived), parents, strict=True))


def predictions(arrived: Arrived) -> list[Span]:
    return [span for span in arrived.spans if span.name == "predict iris"]
