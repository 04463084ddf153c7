"""A Prometheus, or what speaks as one: Mimir, Thanos, VictoriaMetrics.

The standard library asks it: proxies and certificates are those of the environment, and one more package for a POST
would be one more to install.
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import field, frozen

from otel_mlmon.cli.failure import Failure

SECONDS: Final = 300.0
"""For an answer: the server's own limit is 120 by default, and its word on it is better than ours."""

_TOO_MUCH: Final = ("too many samples", "timed out", "timeout", "maximum resolution", "limit", "context deadline")

Numbers = npt.NDArray[np.float64]


class TooHeavyError(Exception):
    """The server gave a question up: a shorter stretch may go."""


@frozen(eq=False)
class Series:
    """What a question gives over a stretch of time.

    Attributes
    ----------
    times, values
        Of the moments at which there was a value, in unix seconds.
    """

    labels: Mapping[str, str]
    times: Numbers
    values: Numbers


@frozen
class Prometheus:
    """Where to ask.

    Attributes
    ----------
    address
        The part before ``/api/v1``.
    headers
        Of each question: authorization, tenant.
    """

    address: str
    headers: Mapping[str, str] = field(repr=False)

    def over(self, query: str, start: int, end: int, step: int) -> tuple[Series, ...]:
        """Ask at each step from ``start`` to ``end``, in unix seconds.

        Raises
        ------
        TooHeavyError
            The server gave it up.
        Failure
            It does not answer, or answers an error.
        """
        asked = {"query": query, "start": start, "end": end, "step": step}
        answer = self._ask("query_range", asked)
        return tuple(map(_series, answer["result"]))

    def _ask(self, what: str, parameters: Mapping[str, object]) -> Any:
        request = urllib.request.Request(  # noqa: S310  (new_prometheus lets only http and https pass)
            f"{self.address}/api/v1/{what}",
            data=urllib.parse.urlencode(parameters).encode(),
            headers={"User-Agent": "otel-mlmon", **self.headers},
        )
        try:
            with _OPENER.open(request, timeout=SECONDS) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise self._refused(error) from error
        except TimeoutError as error:
            raise TooHeavyError from error
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            message = f"{self.address} does not answer: {getattr(reason, 'strerror', None) or reason}"
            raise Failure(message) from error
        except (ValueError, KeyError, TypeError) as error:
            message = f"{self.address} does not answer as a Prometheus does: is it the part before /api/v1?"
            raise Failure(message) from error

    def _refused(self, error: urllib.error.HTTPError) -> Exception:
        said = error.read(10_000).decode("utf-8", "replace")
        try:
            reason = str(json.loads(said)["error"])
        except (ValueError, KeyError, TypeError):
            reason = said.strip().partition("\n")[0][:200] or str(error.reason)
        if error.code in (413, 422, 503, 504) and any(sign in reason.lower() for sign in _TOO_MUCH):
            return TooHeavyError(reason)
        leads_to = error.headers.get("Location")
        hint = _HINTS.get(error.code, "") if leads_to is None else f": it leads to {leads_to}, where no token was sent"
        return Failure(f"{self.address} answers {error.code}: {reason}{hint}")


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Go nowhere: the token is for the server that was named."""


_OPENER: Final = urllib.request.build_opener(_Staying)

_HINTS: Final = {
    401: ": give a token in PROMETHEUS_TOKEN, or --header",
    403: ": may this token read? Give one in PROMETHEUS_TOKEN, or --header",
    404: ": is the address the part before /api/v1?",
}


def new_prometheus(url: str, headers: tuple[str, ...], token: str | None) -> Prometheus:
    """Return where to ask.

    Parameters
    ----------
    url
        As a person gives it; a name and a password in it are for basic authorization.
    headers
        ``Name: value``.
    token
        For bearer authorization.

    Raises
    ------
    Failure
        One of them cannot be read.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname and (parts.netloc.rpartition("@")[2], parts.port)
    except ValueError as error:
        message = f"--prometheus: {error}"
        raise Failure(message) from error
    if parts.scheme not in ("http", "https") or not host:
        message = f"--prometheus: {url!r} should be an address such as http://prometheus:9090"
        raise Failure(message)
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/').removesuffix('/api/v1')}"
    return Prometheus(address, dict([*_authorization(parts, token), *map(_header, headers)]))


def _authorization(parts: urllib.parse.SplitResult, token: str | None) -> Iterator[tuple[str, str]]:
    if token:
        yield "Authorization", f"Bearer {token}"
    elif parts.username is not None:
        both = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        yield "Authorization", f"Basic {base64.b64encode(both.encode()).decode()}"


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not value.strip() or "\n" in text or "\r" in text:
        message = "--header should be 'Name: value', such as 'X-Scope-OrgID: team'"
        raise Failure(message)
    return name.strip().title() if name.strip().lower() == "authorization" else name.strip(), value.strip()


def _series(found: Mapping[str, Any]) -> Series:
    samples = found["values"]
    times = np.array([time for time, _ in samples], dtype=np.float64)
    return Series(dict(found["metric"]), times, np.array([value for _, value in samples], dtype=np.float64))
