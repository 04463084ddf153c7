"""Amazon SageMaker endpoints, called by boto3 or botocore (1.34 and later): the client of ``sagemaker-runtime``.

A response is here before its body is, which is the caller's to read: a call lasts until then.
"""

from __future__ import annotations

import sys
from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Endpoint, Hook, argument
from otel_mlmon.observe.answers import Answer
from otel_mlmon.observe.json_answers import answer_of_json


def endpoint(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Endpoint | None:
    """Return the endpoint that is invoked, or the one of its models that is meant; None for other services."""
    if instance.meta.service_model.service_name != "sagemaker-runtime":
        return None
    parameters = argument(args, kwargs, "api_params", 1, {})
    name = parameters.get("EndpointName", "")
    model = parameters.get("InferenceComponentName") or parameters.get("TargetModel")
    return Endpoint(f"{name}/{model}" if model else name, parameters.get("TargetVariant"))


def body(response: Any) -> Any:
    """Return the body of a response; None where it is streamed, or comes by way of a bucket."""
    found = response.get("Body")
    return found if isinstance(found, sys.modules["botocore.response"].StreamingBody) else None


def is_whole(_instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether all that is left of a body is read."""
    return argument(args, kwargs, "amt", 0) is None


def answer(call: Call) -> Answer | None:
    """Read a body that was read as a whole; one that the caller took in parts is not known."""
    return answer_of_json(call.answer, call.output) if isinstance(call.answer, bytes) else None


_BODY = "botocore.response:StreamingBody"

ADAPTER = Adapter(
    name="sagemaker",
    distributions=("botocore",),
    oldest="1.34",
    late=True,
    hooks=(
        Hook(
            "botocore.client:BaseClient._make_api_call", answer, model=endpoint, promise=body, named="invoke_endpoint"
        ),
        Hook(f"{_BODY}.read", fulfils=True, when=is_whole),
        Hook(f"{_BODY}.iter_chunks", fulfils=True),
        Hook(f"{_BODY}.close", fulfils=True, inherited=True),
    ),
)
