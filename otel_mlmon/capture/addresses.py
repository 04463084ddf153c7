"""What the address of a model says about it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from otel_mlmon.capture.adapter import Endpoint, argument

SERVED = re.compile(r"/v[12]/models/([^/:]+)(?:/versions/([^/:]+))?")
"""As TensorFlow Serving and KServe, and Triton with it, have it: a model's name and, perhaps, its version."""


def endpoint_at(url: str) -> Endpoint:
    """Return the model at an address.

    Where the path does not say what it is called, the host does: anything else in an address may be an identifier of a
    user, or a secret. For the same reason, query, fragment and credentials are left out of what rules are matched with.

    Parameters
    ----------
    url
        As it is asked for.
    """
    scheme, _, rest = url.partition("?")[0].partition("#")[0].partition("://")
    authority, slash, path = rest.partition("/")
    server = authority.rpartition("@")[2]
    served = SERVED.search(slash + path)
    if served is None:
        host = server.rpartition("]")[0].lstrip("[") or server.partition(":")[0]
        return Endpoint(host, url=f"{scheme}://{server}{slash}{path}")
    return Endpoint(unquote(served[1]), served[2], f"{scheme}://{server}{slash}{path}")


def endpoint_of_request(_instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Endpoint:
    """Return the model that a request is for: the first argument, an object with a ``url``."""
    return endpoint_at(str(argument(args, kwargs, "request", 0).url))


def refusal(response: Any) -> str | None:
    """Return the status, as ``error.type``, of a response with a ``status_code`` that is a refusal."""
    return status_error(response.status_code)


def status_error(status: int) -> str | None:
    """Return ``error.type`` of a status of HTTP; None of one that says that all is well."""
    return None if 200 <= status < 300 else str(status)
