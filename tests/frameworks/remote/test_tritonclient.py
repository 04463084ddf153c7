"""tritonclient against a server of the KServe v2 protocol, by HTTP and gRPC, however it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from queue import Queue
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc as by_grpc
import tritonclient.grpc.aio as by_grpc_in_coroutine
import tritonclient.http as by_http
import tritonclient.http.aio as by_http_in_coroutine
from opentelemetry.trace import SpanKind
from tritonclient.utils import InferenceServerException

from otel_mlmon.config.schema import Configuration, Match, ModelRule, Output, OutputKind
from tests.collected import Collected
from tests.frameworks.contract import Case, FrameworkContract, Recorded, of_labels, of_scores, of_two
from tests.frameworks.remote import triton

INPUTS = np.array([[1, 2, 3, 4], [-1, 0, 0, 1], [2, 2, 2, 2]], dtype=np.float32)
WRONG = INPUTS[:, :3]

ADDRESS: dict[str, str] = {"http": triton.HTTP.address}


@pytest.fixture(scope="module", autouse=True)
def _serving() -> Iterator[None]:
    with triton.HTTP.running(), triton.grpc_server() as address:
        ADDRESS["grpc"] = address
        yield


def given(protocol: Any, inputs: Any, **options: Any) -> list[Any]:
    tensor = protocol.InferInput("X", list(inputs.shape), "FP32")
    tensor.set_data_from_numpy(inputs, **options)
    return [tensor]


def values_of(result: Any) -> dict[str, Any]:
    response = result.get_response()
    outputs = response["outputs"] if isinstance(response, dict) else response.outputs
    names = [output["name"] if isinstance(output, dict) else output.name for output in outputs]
    return {name: result.as_numpy(name) for name in names}


def http(model: str, inputs: Any = INPUTS, version: str = "") -> dict[str, Any]:
    with by_http.InferenceServerClient(ADDRESS["http"]) as client:
        return values_of(client.infer(model, given(by_http, inputs), version))


def http_in_text(model: str, inputs: Any = INPUTS) -> dict[str, Any]:
    wanted = [by_http.InferRequestedOutput("any", binary_data=False)]
    with by_http.InferenceServerClient(ADDRESS["http"]) as client:
        return values_of(client.infer(model, given(by_http, inputs, binary_data=False), outputs=wanted))


def http_later(model: str, inputs: Any = INPUTS) -> dict[str, Any]:
    with by_http.InferenceServerClient(ADDRESS["http"]) as client:
        return values_of(client.async_infer(model, given(by_http, inputs)).get_result())


def http_in_coroutine(model: str, inputs: Any = INPUTS) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        async with by_http_in_coroutine.InferenceServerClient(ADDRESS["http"]) as client:
            return values_of(await client.infer(model, given(by_http, inputs)))

    return asyncio.run(run())


def grpc(model: str, inputs: Any = INPUTS, version: str = "") -> dict[str, Any]:
    with by_grpc.InferenceServerClient(ADDRESS["grpc"]) as client:
        return values_of(client.infer(model_name=model, inputs=given(by_grpc, inputs), model_version=version))


def grpc_by_callback(model: str, inputs: Any = INPUTS, version: str = "") -> dict[str, Any]:
    told: Queue[tuple[Any, Any]] = Queue()
    with by_grpc.InferenceServerClient(ADDRESS["grpc"]) as client:
        client.async_infer(model, given(by_grpc, inputs), lambda result, error: told.put((result, error)), version)
        result, error = told.get(timeout=30)
    if error is not None:
        raise error
    return values_of(result)


def grpc_in_coroutine(model: str, inputs: Any = INPUTS) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        async with by_grpc_in_coroutine.InferenceServerClient(ADDRESS["grpc"]) as client:
            return values_of(await client.infer(model, given(by_grpc, inputs)))

    return asyncio.run(run())


Ask = Callable[..., dict[str, Any]]


def of_both(answer: dict[str, Any]) -> Recorded:
    return Recorded(3, {"score": answer["score"]}, {"class": answer["class"]})


def case(ask: Ask, model: str, operation: str, recorded: Callable[[Any], Recorded], **more: str) -> Case:
    return Case(
        lambda _folder: partial(ask, model, **more),
        lambda asked: asked(),
        recorded,
        model,
        operation,
        lambda asked: asked(WRONG),
        more.get("version"),
    )


WAYS: dict[str, tuple[Ask, str]] = {
    "HTTP": (http, "infer"),
    "HTTP without binary data": (http_in_text, "infer"),
    "HTTP, fetched later": (http_later, "async_infer"),
    "HTTP in a coroutine": (http_in_coroutine, "infer"),
    "gRPC": (grpc, "infer"),
    "gRPC by a callback": (grpc_by_callback, "async_infer"),
    "gRPC in a coroutine": (grpc_in_coroutine, "infer"),
}


class TestTritonClient(FrameworkContract):
    adapter = "tritonclient"
    cases = {
        **{
            f"score by {way}": case(ask, "clicks", operation, lambda a: of_scores(a["score"]))
            for way, (ask, operation) in WAYS.items()
        },
        **{
            f"score and class by {way}": case(ask, "both", operation, of_both) for way, (ask, operation) in WAYS.items()
        },
        "classes": case(http, "classes", "infer", lambda a: of_labels(a["class"])),
        "a version by HTTP": case(http, "clicks", "infer", lambda a: of_scores(a["score"]), version="7"),
        "a version by gRPC": case(grpc, "clicks", "infer", lambda a: of_scores(a["score"]), version="7"),
        "a version by gRPC and callback": case(
            grpc_by_callback, "clicks", "async_infer", lambda a: of_scores(a["score"]), version="7"
        ),
    }


@pytest.mark.parametrize("ask", [ask for ask, _ in WAYS.values()], ids=WAYS)
def test_what_outputs_are_is_configured(ask: Ask, instrument: Callable[..., Collected]) -> None:
    rules = (
        ModelRule(Match(name="topics"), output=Output(kind=OutputKind.PROBABILITY)),
        ModelRule(Match(name="names"), output=Output(kind=OutputKind.LABEL)),
    )
    collected = instrument(Configuration(models=rules))
    expected = of_two(ask("topics")["probabilities"])
    assert collected.count("ml.prediction.confidence", ml_model_name="topics") == 3
    total = collected.total("ml.prediction.value", ml_model_name="topics")
    assert total == pytest.approx(expected.values[""].sum(), rel=1e-5)
    ask("names")
    found = {
        p.attributes["ml.prediction.class"]: p.count for p in collected.points("ml.predictions", ml_model_name="names")
    }
    assert found == {"cat": 2, "dög": 1}


@pytest.mark.parametrize("ask", [ask for ask, _ in WAYS.values()], ids=WAYS)
def test_no_text_leaves_unless_it_is_configured(ask: Ask, telemetry: Collected) -> None:
    ask("names")
    assert telemetry.count("ml.prediction.duration") == 1
    assert telemetry.points("ml.predictions") == telemetry.points("ml.monitor.dropped") == []
    assert "cat" not in telemetry.reader.get_metrics_data().to_json()


@pytest.mark.parametrize("ask", [ask for ask, _ in WAYS.values()], ids=WAYS)
def test_the_span_is_one_of_a_client(ask: Ask, telemetry: Collected) -> None:
    ask("clicks")
    (span,) = telemetry.spans()
    assert (span.name, span.kind) == ("predict clicks", SpanKind.CLIENT)


def test_a_result_that_takes_too_long_is_a_failure(telemetry: Collected) -> None:
    with by_http.InferenceServerClient(ADDRESS["http"]) as client:
        request = client.async_infer("slow", given(by_http, INPUTS))
        with pytest.raises(InferenceServerException):
            request.get_result(timeout=0.05)
        triton.GATE.open()
        request.get_result()
    (duration,) = telemetry.points("ml.prediction.duration")
    assert (duration.count, duration.attributes["error.type"]) == (1, "InferenceServerException")


def test_looking_whether_there_is_a_result_is_no_call(telemetry: Collected) -> None:
    with by_http.InferenceServerClient(ADDRESS["http"]) as client:
        request = client.async_infer("slow", given(by_http, INPUTS))
        with pytest.raises(InferenceServerException):
            request.get_result(block=False)
        assert telemetry.points("ml.prediction.duration") == []
        triton.GATE.open()
        result = request.get_result()
        assert telemetry.count("ml.prediction.value") == len(result.as_numpy("score"))
    (duration,) = telemetry.points("ml.prediction.duration")
    assert duration.count == 1
    assert "error.type" not in duration.attributes


def test_a_client_in_a_coroutine_is_one_call_though_it_asks_by_another_client(
    instrument: Callable[..., Collected],
) -> None:
    collected = instrument(Configuration(models=(ModelRule(Match(url="http://127.0.0.1:*")),)))
    http_in_coroutine("clicks")
    (duration,) = collected.points("ml.prediction.duration")
    assert (duration.count, duration.attributes["ml.operation"]) == (1, "infer")
