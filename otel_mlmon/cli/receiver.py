"""An OTLP/HTTP receiver for one machine: it takes what a service exports and hands on the metrics.

It speaks binary protobuf, as every SDK can, on a loopback port. What arrives is not trusted: sizes are bounded before
and after decompression, slow or idle peers are dropped, and garbage is answered as the protocol asks
(https://opentelemetry.io/docs/specs/otlp/#otlphttp-response).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from threading import BoundedSemaphore, Thread
from types import TracebackType
from typing import Final, TypeAlias, TypeVar

from attrs import frozen
from google.protobuf.message import DecodeError, Message
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otel_mlmon.cli.points import Point, Rejected, decode

MAX_BODY_BYTES: Final = 4 * 2**20
MAX_POINTS: Final = 20_000
MAX_CONNECTIONS: Final = 32
IDLE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 0.05
PROTOBUF: Final = "application/x-protobuf"

OnMetrics: TypeAlias = Callable[[tuple[Point, ...]], None]
OnTraces: TypeAlias = Callable[[ExportTraceServiceRequest], None]
Request = TypeVar("Request", bound=Message)


@frozen
class Refusal(Exception):  # noqa: N818
    """A request that is answered with an error."""

    status: HTTPStatus
    reason: str


class Receiver:
    """Receives in threads of its own between ``with`` and its end, and calls ``on_metrics`` and ``on_traces`` there."""

    def __init__(self, on_metrics: OnMetrics, *, on_traces: OnTraces | None = None, port: int = 0) -> None:
        self._server = _Server(on_metrics, on_traces, port)
        self._thread = Thread(
            target=self._server.serve_forever, args=(POLL_SECONDS,), name="otlp-receiver", daemon=True
        )

    @property
    def endpoint(self) -> str:
        """Return what ``OTEL_EXPORTER_OTLP_ENDPOINT`` is to be set to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A peer that keeps its connection open must not keep the command from ending.
    block_on_close = False
    request_queue_size = 2 * MAX_CONNECTIONS

    def __init__(self, on_metrics: OnMetrics, on_traces: OnTraces | None, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.on_metrics = on_metrics
        self.on_traces = on_traces
        self.connections = BoundedSemaphore(MAX_CONNECTIONS)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: _Server

    def handle(self) -> None:
        """Serve one connection, unless there are too many."""
        if not self.server.connections.acquire(blocking=False):
            return
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        finally:
            self.server.connections.release()

    def do_POST(self) -> None:
        """Answer an export."""
        try:
            answer = self._export()
        except Refusal as refusal:
            # The body may be unread: what follows on this connection could not be told from it.
            self.close_connection = True
            self._answer(refusal.status, Status(message=refusal.reason))
        else:
            self._answer(HTTPStatus.OK, answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the terminal belongs to the command."""

    def _export(self) -> Message:
        signal = self.path.partition("?")[0]
        if signal == "/v1/metrics":
            return self._metrics(_parse(ExportMetricsServiceRequest(), self._body()))
        if signal == "/v1/traces":
            traces = _parse(ExportTraceServiceRequest(), self._body())
            if self.server.on_traces is not None:
                self.server.on_traces(traces)
            return ExportTraceServiceResponse()
        if signal == "/v1/logs":
            _parse(ExportLogsServiceRequest(), self._body())
            return ExportLogsServiceResponse()
        raise Refusal(HTTPStatus.NOT_FOUND, "the paths are /v1/metrics, /v1/traces and /v1/logs")

    def _metrics(self, request: ExportMetricsServiceRequest) -> ExportMetricsServiceResponse:
        decoded = tuple(islice(decode(request), MAX_POINTS + 1))
        if len(decoded) > MAX_POINTS:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_POINTS} points")
        self.server.on_metrics(tuple(point for point in decoded if not isinstance(point, Rejected)))
        answer = ExportMetricsServiceResponse()
        rejected = [point for point in decoded if isinstance(point, Rejected)]
        if rejected:
            answer.partial_success.rejected_data_points = len(rejected)
            answer.partial_success.error_message = rejected[0].reason
        return answer

    def _body(self) -> bytes:
        if self.headers.get_content_type() != PROTOBUF:
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the content type is to be {PROTOBUF}")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            raise Refusal(HTTPStatus.LENGTH_REQUIRED, "the request needs a Content-Length")
        # Compared by digits first: Python refuses to read a number of thousands of them.
        if len(length) > 12 or int(length) > MAX_BODY_BYTES:
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_BODY_BYTES} bytes")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise Refusal(HTTPStatus.BAD_REQUEST, "the body is shorter than its Content-Length")
        return _decompressed(body, self.headers.get("Content-Encoding", "identity").strip().lower())

    def _answer(self, status: HTTPStatus, message: Message) -> None:
        body = message.SerializeToString()
        self.send_response(status)
        self.send_header("Content-Type", PROTOBUF)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def _decompressed(body: bytes, encoding: str) -> bytes:
    if encoding in {"identity", ""}:
        return body
    if encoding != "gzip":
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the content encoding is to be gzip or identity")
    stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = stream.decompress(body, MAX_BODY_BYTES)
    except zlib.error as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not gzip") from error
    if stream.unconsumed_tail:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_BODY_BYTES} bytes unpacked")
    if not stream.eof:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the gzip body is cut off")
    return plain


def _parse(request: Request, body: bytes) -> Request:
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is not the protobuf message of this path") from error
    return request
