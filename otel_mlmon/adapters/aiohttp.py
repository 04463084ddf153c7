"""aiohttp's client (3.9 and later): models whose addresses are configured.

KServe, Seldon, BentoML, Ray Serve, TensorFlow Serving, Azure ML online endpoints and whatever else answers in JSON. A
response is here before its body is, which is the caller's to fetch: a call lasts until then.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from otel_mlmon.capture.adapter import Adapter, Call, Endpoint, Hook
from otel_mlmon.capture.addresses import endpoint_at, status_error
from otel_mlmon.observe.answers import Answer
from otel_mlmon.observe.json_answers import answer_of_json


def endpoint(instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Endpoint:
    """Return the model that a request is for."""
    url, base = str(args[1] if len(args) > 1 else kwargs["str_or_url"]), instance._base_url
    return endpoint_at(url if base is None else urljoin(str(base), url))


def error_type(response: Any) -> str | None:
    """Return the status of a response that is a refusal."""
    return status_error(response.status)


def itself(response: Any) -> Any:
    """Return the response: it is by this that its body is fetched."""
    return response


def answer(call: Call) -> Answer | None:
    """Read a body that was fetched as a whole; one that the caller took in parts is not known."""
    return answer_of_json(call.answer, call.output) if isinstance(call.answer, bytes) else None


_RESPONSE = "aiohttp.client_reqrep:ClientResponse"

ADAPTER = Adapter(
    name="aiohttp",
    distributions=("aiohttp",),
    oldest="3.9",
    by_url=True,
    hooks=(
        Hook(
            "aiohttp.client:ClientSession._request",
            answer,
            model=endpoint,
            error_type=error_type,
            promise=itself,
            named="predict",
        ),
        Hook(f"{_RESPONSE}.read", fulfils=True),
        Hook(f"{_RESPONSE}.release", fulfils=True),
        Hook(f"{_RESPONSE}.close", fulfils=True),
    ),
)
