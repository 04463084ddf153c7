"""Triton, and other servers of the KServe protocol, by tritonclient (2.41 and later): HTTP and gRPC, also in asyncio.

Streams of gRPC are not observed: what comes out of one is of no one request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Callback, Endpoint, Hook, argument
from otel_mlmon.observe.answers import Answer
from otel_mlmon.observe.tensors import is_readable, meant_tensor, named


def endpoint(_instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Endpoint:
    """Return the model that is asked, in the version that the caller wants."""
    return _endpoint(args, kwargs, 2)


def endpoint_of_callback(_instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Endpoint:
    """Return the same where a callback stands before the version."""
    return _endpoint(args, kwargs, 3)


def answer_of_callback(result: Any = None, error: Any = None) -> Any:
    """Return what ``async_infer`` tells its callback.

    Raises
    ------
    InferenceServerException
        It tells of an error.
    """
    if error is not None:
        raise error
    return result


def itself(request: Any) -> Any:
    """Return the request that is under way: it is by this that its result is fetched."""
    return request


def is_awaited(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether there will be a result, and not only a look whether there is one."""
    return bool(argument(args, kwargs, "block", 0, True) or instance._greenlet.ready())


def answer(call: Call) -> Answer | None:
    """Read each output that the response holds, by its name."""
    result, output = call.answer, call.output
    return named(
        [
            (name, meant_tensor(result.as_numpy(name), datatype, output))
            for name, datatype in _outputs(result.get_response())
            if is_readable(datatype, output)
        ]
    )


def _endpoint(args: tuple[Any, ...], kwargs: dict[str, Any], place_of_version: int) -> Endpoint:
    version = argument(args, kwargs, "model_version", place_of_version)
    return Endpoint(str(argument(args, kwargs, "model_name", 0, "")), version or None)


def _outputs(response: Any) -> Sequence[tuple[str, str]]:
    # What went by way of shared memory is not in the response.
    if isinstance(response, dict):
        outputs = response.get("outputs", ())
        return [
            (output["name"], output["datatype"])
            for output in outputs
            if "shared_memory_region" not in output.get("parameters", ())
        ]
    if not response.raw_output_contents:
        return []
    return [
        (output.name, output.datatype) for output in response.outputs if "shared_memory_region" not in output.parameters
    ]


_HTTP = "tritonclient.http._client"
_GRPC = "tritonclient.grpc._client"

ADAPTER = Adapter(
    name="tritonclient",
    distributions=("tritonclient",),
    oldest="2.41",
    hooks=(
        Hook(f"{_HTTP}:InferenceServerClient.infer", answer, model=endpoint),
        Hook(f"{_HTTP}:InferenceServerClient.async_infer", answer, model=endpoint, promise=itself),
        Hook(f"{_HTTP}:InferAsyncRequest.get_result", fulfils=True, when=is_awaited),
        Hook("tritonclient.http.aio:InferenceServerClient.infer", answer, model=endpoint),
        Hook(f"{_GRPC}:InferenceServerClient.infer", answer, model=endpoint),
        Hook(
            f"{_GRPC}:InferenceServerClient.async_infer",
            answer,
            model=endpoint_of_callback,
            callback=Callback("callback", 2, answer_of_callback),
        ),
        Hook("tritonclient.grpc.aio:InferenceServerClient.infer", answer, model=endpoint),
    ),
)
