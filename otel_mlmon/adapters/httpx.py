"""httpx (0.25 and later): models whose addresses are configured, by clients of both kinds.

KServe, Seldon, BentoML, Ray Serve, TensorFlow Serving, Azure ML online endpoints and whatever else answers in JSON.
"""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Call, Hook
from otel_mlmon.capture.addresses import endpoint_of_request, refusal
from otel_mlmon.observe.answers import Answer
from otel_mlmon.observe.json_answers import answer_of_json


def answer(call: Call) -> Answer | None:
    """Read a body that is in memory; a stream is the caller's."""
    is_streamed = call.kwargs.get("stream", False)
    return None if is_streamed else answer_of_json(call.answer.content, call.output)


ADAPTER = Adapter(
    name="httpx",
    distributions=("httpx",),
    oldest="0.25",
    by_url=True,
    hooks=tuple(
        Hook(f"httpx._client:{client}.send", answer, model=endpoint_of_request, error_type=refusal, named="predict")
        for client in ("Client", "AsyncClient")
    ),
)
