"""SageMaker endpoints, by botocore's own client and transport, and a server that answers as they do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import wrapt
from botocore.client import BaseClient
from botocore.config import Config
from botocore.eventstream import EventStream
from botocore.response import StreamingBody
from botocore.stub import Stubber
from opentelemetry.trace import SpanKind

from otel_mlmon.adapters import sagemaker
from otel_mlmon.capture.imports import Installation
from otel_mlmon.config.schema import Configuration, Match, ModelRule, Output, OutputKind
from tests.collected import Collected
from tests.frameworks.contract import Case, FrameworkContract, of_scores, of_two
from tests.frameworks.remote.server import Reply, Request, Server, in_json

SECRET = "4711-jane-doe"


def routes(request: Request) -> Reply:
    name, kind = request.path.split("/")[2:]
    if kind == "async-invocations":
        return Reply(
            json.dumps({"InferenceId": SECRET}).encode(), 202, {"X-Amzn-SageMaker-OutputLocation": f"s3://{SECRET}"}
        )
    if kind == "invocations-response-stream":
        return Reply(headers={"Content-Type": "application/vnd.amazon.eventstream"})
    if name == "broken":
        return Reply(json.dumps({"Message": SECRET}).encode(), 424, {"x-amzn-ErrorType": "ModelError"})
    if name == "fraud":
        return in_json({"result": {"odds": [[0.25, 0.75], [0.5, 0.5]]}, "user": SECRET})
    return in_json({"predictions": [0.25, 4.0]})


SERVER = Server(routes)


@pytest.fixture(scope="module", autouse=True)
def _serving() -> Iterator[None]:
    with SERVER.running():
        yield


@cache
def client(service: str = "sagemaker-runtime") -> Any:
    return botocore.session.get_session().create_client(
        service,
        region_name="eu-central-1",
        endpoint_url=SERVER.url,
        aws_access_key_id="AKIA",
        aws_secret_access_key=SECRET,
        config=Config(retries={"max_attempts": 0}),
    )


def invoke(name: str, **more: str) -> Any:
    response = client().invoke_endpoint(EndpointName=name, Body=SECRET.encode(), ContentType="text/csv", **more)
    return json.loads(response["Body"].read())


def of_endpoint(name: str, **more: str) -> Callable[[Path], Any]:
    return lambda _folder: lambda: invoke(name, **more)


def case(name: str, called: str, version: str | None = None, **more: str) -> Case:
    return Case(
        of_endpoint(name, **more),
        lambda asked: asked(),
        lambda answer: of_scores(answer["predictions"]),
        called,
        "invoke_endpoint",
        lambda _asked: invoke("broken"),
        version,
    )


class TestSageMaker(FrameworkContract):
    adapter = "sagemaker"
    cases = {
        "an endpoint": case("prices", "prices"),
        "one of several models": case("prices", "prices/flats.tar.gz", TargetModel="flats.tar.gz"),
        "a component": case("prices", "prices/houses", InferenceComponentName="houses"),
        "a variant": case("prices", "prices", "canary", TargetVariant="canary"),
    }


def test_where_the_answer_is_may_be_configured(instrument: Callable[..., Collected]) -> None:
    output = Output(path="result.odds", kind=OutputKind.PROBABILITY)
    collected = instrument(Configuration(models=(ModelRule(Match(name="fraud"), output=output),)))
    expected = of_two(invoke("fraud")["result"]["odds"])
    assert collected.total("ml.prediction.value") == expected.values[""].sum()
    assert collected.count("ml.prediction.confidence") == 2


def test_the_body_is_left_to_its_reader(telemetry: Collected) -> None:
    body = client().invoke_endpoint(EndpointName="prices", Body=b"")["Body"]
    assert isinstance(body, StreamingBody)
    assert telemetry.points("ml.prediction.duration") == []
    assert b"".join(body.iter_chunks(5)) == b'{"predictions": [0.25, 4.0]}'
    assert telemetry.count("ml.prediction.duration") == 1
    assert telemetry.points("ml.prediction.value") == telemetry.points("ml.monitor.dropped") == []


def test_a_body_that_is_closed_unread_is_a_call(telemetry: Collected) -> None:
    client().invoke_endpoint(EndpointName="prices", Body=b"")["Body"].close()
    assert telemetry.count("ml.prediction.duration") == 1


def test_an_answer_by_way_of_a_bucket_is_a_call_without_rows(telemetry: Collected) -> None:
    answer = client().invoke_endpoint_async(EndpointName="prices", InputLocation=f"s3://{SECRET}")
    assert answer["OutputLocation"] == f"s3://{SECRET}"
    (duration,) = telemetry.points("ml.prediction.duration")
    assert (duration.count, duration.attributes["ml.model.name"]) == (1, "prices")
    assert telemetry.points("ml.prediction.value") == []


def test_an_event_stream_is_a_call_without_rows(telemetry: Collected) -> None:
    stream = client().invoke_endpoint_with_response_stream(EndpointName="prices", Body=b"")["Body"]
    assert isinstance(stream, EventStream)
    assert list(stream) == []
    assert telemetry.count("ml.prediction.duration") == 1


def test_other_services_are_nothing(telemetry: Collected) -> None:
    s3 = client("s3")
    with Stubber(s3) as stubber:
        stubber.add_response("get_object", {"Body": StreamingBody(BytesIO(b"[1.5]"), 5)})
        assert s3.get_object(Bucket="models", Key="clicks")["Body"].read() == b"[1.5]"
    assert telemetry.points("ml.prediction.duration") == []
    assert telemetry.spans() == []


def test_the_span_is_one_of_a_client_and_nothing_of_the_bodies_leaves(telemetry: Collected) -> None:
    invoke("fraud")
    client().invoke_endpoint_async(EndpointName="prices", InputLocation=f"s3://{SECRET}")
    with pytest.raises(client().exceptions.ModelError):
        invoke("broken")
    spans = telemetry.spans()
    assert [span.kind for span in spans] == [SpanKind.CLIENT] * 3
    assert SECRET not in telemetry.reader.get_metrics_data().to_json() + "".join(span.to_json() for span in spans)


def test_who_else_stands_around_the_client_still_knows_it(
    monkeypatch: pytest.MonkeyPatch, instrument: Callable[..., Collected]
) -> None:
    seen: list[Any] = []

    def beside(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        seen.append(instance)
        return wrapped(*args, **kwargs)

    original = vars(BaseClient)["_make_api_call"]
    monkeypatch.setattr(BaseClient, "_make_api_call", wrapt.FunctionWrapper(original, beside))
    collected = instrument()
    invoke("prices")
    invoke("prices")
    assert seen == [client(), client()]
    assert collected.count("ml.prediction.duration") == 2


def test_nothing_is_built_for_other_services() -> None:
    asked: list[str] = []
    installation = Installation(
        engine=lambda: asked.append("engine"), then=lambda _act: asked.append("then"), applies=lambda _adapter: True
    )
    installation.install([sagemaker.ADAPTER])
    try:
        s3 = client("s3")
        with Stubber(s3) as stubber:
            stubber.add_response("get_object", {"Body": StreamingBody(BytesIO(b"[1.5]"), 5)})
            s3.get_object(Bucket="models", Key="clicks")["Body"].read()
        assert asked == []
        invoke("prices")
        assert asked == ["engine"]
    finally:
        installation.close()
