"""Requests (2.31 and later): models whose addresses are configured.

KServe, Seldon, BentoML, Ray Serve, TensorFlow Serving, Azure ML online endpoints and whatever else answers in JSON.
"""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Call, Hook
from otel_mlmon.capture.addresses import endpoint_of_request, refusal
from otel_mlmon.observe.answers import Answer
from otel_mlmon.observe.json_answers import answer_of_json


def answer(call: Call) -> Answer | None:
    """Read a body that is in memory; a stream is the caller's."""
    # The session is not at hand here: of a stream, the response itself knows that nobody has read it.
    body = vars(call.answer)["_content"]
    return answer_of_json(body, call.output) if isinstance(body, bytes) else None


ADAPTER = Adapter(
    name="requests",
    distributions=("requests",),
    oldest="2.31",
    by_url=True,
    hooks=(
        Hook("requests.sessions:Session.send", answer, model=endpoint_of_request, error_type=refusal, named="predict"),
    ),
)
