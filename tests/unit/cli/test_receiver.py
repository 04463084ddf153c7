"""The receiver against the SDK's own exporter, and against what no exporter would send."""

from __future__ import annotations

import gzip
import http.client
import random
import socket
from collections.abc import Iterator
from http import HTTPStatus
from queue import SimpleQueue
from urllib.parse import urlsplit

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE, NumberDataPoint
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from otel_mlmon.cli.points import HistogramPoint, NumberPoint, Point
from otel_mlmon.cli.receiver import MAX_BODY_BYTES, MAX_CONNECTIONS, MAX_POINTS, PROTOBUF, Receiver


class Peer:
    """A receiver, what it has handed on, and a plain HTTP client for it."""

    def __init__(self) -> None:
        self.received: SimpleQueue[tuple[Point, ...]] = SimpleQueue()
        self.receiver = Receiver(self.received.put)

    @property
    def port(self) -> int:
        port = urlsplit(self.receiver.endpoint).port
        assert port is not None
        return port

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            sent = {"Content-Type": PROTOBUF, **{key.replace("_", "-"): value for key, value in headers.items()}}
            connection.request("POST", path, body, sent)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as peer:
            peer.sendall(request)
            peer.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: peer.recv(4096), b""))


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    with peer.receiver:
        yield peer


def one_histogram(counts: list[int]) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="score")
    metric.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    metric.histogram.data_points.add(bucket_counts=counts, explicit_bounds=[0.5], sum=1.0)
    return request


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_what_an_sdk_exports_arrives_as_it_was_recorded(peer, compression):
    exporter = OTLPMetricExporter(f"{peer.receiver.endpoint}/v1/metrics", compression=compression)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    provider = MeterProvider([reader], Resource({"service.instance.id": "one"}))
    meter = provider.get_meter("shop")
    histogram = meter.create_histogram("score", explicit_bucket_boundaries_advisory=[0.25, 0.5])
    for value in (0.25, 0.3, 0.9):
        histogram.record(value, {"origin": "JFK"})
    meter.create_counter("answers").add(3, {"late": True})
    provider.force_flush()
    provider.shutdown()

    points = {point.series.metric: point for point in peer.received.get(timeout=5)}
    score, answers = points["score"], points["answers"]
    assert isinstance(score, HistogramPoint)
    assert (score.bounds, score.counts, score.sum) == ((0.25, 0.5), (1, 1, 1), pytest.approx(1.45))
    assert (score.series.instance, score.series.scope) == ("one", "shop")
    assert score.series.attribute("origin") == "JFK"
    assert score.series.attribute("absent") is None
    assert isinstance(answers, NumberPoint)
    assert answers.value == 3
    assert answers.series.attribute("late") == "True"


def test_points_that_contradict_themselves_are_rejected_and_counted(peer):
    status, body = peer.post("/v1/metrics", one_histogram([1, 2, 3, 4]).SerializeToString())
    answer = ExportMetricsServiceResponse.FromString(body)
    assert status == HTTPStatus.OK
    assert answer.partial_success.rejected_data_points == 1
    assert answer.partial_success.error_message == "score: 4 buckets for 1 bounds"
    assert peer.received.get(timeout=5) == ()


def test_delta_points_are_rejected_since_the_newest_would_not_be_the_total(peer):
    request = one_histogram([1, 2])
    request.resource_metrics[0].scope_metrics[0].metrics[0].histogram.ClearField("aggregation_temporality")
    _, body = peer.post("/v1/metrics", request.SerializeToString())
    assert ExportMetricsServiceResponse.FromString(body).partial_success.rejected_data_points == 1


@pytest.mark.parametrize("path", ["/v1/metrics", "/v1/traces", "/v1/logs"])
def test_an_empty_export_of_every_signal_is_accepted(peer, path):
    assert peer.post(path, b"") == (HTTPStatus.OK, b"")


BOMB = gzip.compress(bytes(MAX_BODY_BYTES + 1))
TOO_MANY = ExportMetricsServiceRequest()
TOO_MANY.resource_metrics.add().scope_metrics.add().metrics.add().gauge.data_points.extend(
    NumberDataPoint() for _ in range(MAX_POINTS + 1)
)


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/metrics", b"\xff\xff garbage", {}, HTTPStatus.BAD_REQUEST),
        ("/v1/traces", b"\x0a\xff", {}, HTTPStatus.BAD_REQUEST),
        ("/v1/metrics", b"{}", {"Content_Type": "application/json"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ("/v1/metrics", b"plain", {"Content_Encoding": "gzip"}, HTTPStatus.BAD_REQUEST),
        ("/v1/metrics", gzip.compress(b"cut off")[:-6], {"Content_Encoding": "gzip"}, HTTPStatus.BAD_REQUEST),
        ("/v1/metrics", b"", {"Content_Encoding": "br"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ("/v1/metrics", BOMB, {"Content_Encoding": "gzip"}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        ("/v1/metrics", b"", {"Content_Length": "9" * 5000}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        ("/v1/metrics", b"", {"Content_Length": "-1"}, HTTPStatus.LENGTH_REQUIRED),
        ("/v1/metrics", b"", {"Content_Length": "²"}, HTTPStatus.LENGTH_REQUIRED),
        ("/v1/metrics", TOO_MANY.SerializeToString(), {}, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        ("/v2/metrics", b"", {}, HTTPStatus.NOT_FOUND),
    ],
    # Of their own, for compressed bodies hold the time.
    ids=[
        "garbage",
        "half a field",
        "json",
        "not gzip",
        "gzip cut off",
        "unknown encoding",
        "gzip bomb",
        "endless length",
        "negative length",
        "length of another alphabet",
        "too many points",
        "unknown path",
    ],
)
def test_a_bad_request_is_refused_with_a_status_message(peer, path, body, headers, status):
    answered, answer = peer.post(path, body, **headers)
    assert answered == status
    assert Status.FromString(answer).message
    assert peer.received.empty()


def test_a_chunked_body_is_refused(peer):
    head = f"POST /v1/metrics HTTP/1.1\r\nContent-Type: {PROTOBUF}\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = peer.raw(head.encode() + b"1\r\na\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"Connection: close" in answer


def test_a_body_shorter_than_announced_is_refused(peer):
    head = f"POST /v1/metrics HTTP/1.1\r\nContent-Type: {PROTOBUF}\r\nContent-Length: 100\r\n\r\n"
    assert peer.raw(head.encode()).startswith(b"HTTP/1.1 400 ")


def test_other_methods_are_refused(peer):
    assert peer.raw(b"GET /v1/metrics HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 501 ")


def test_random_bytes_leave_the_receiver_serving(peer):
    noise = random.Random(13)
    for _ in range(50):
        peer.raw(noise.randbytes(noise.randrange(1, 400)))
        peer.post("/v1/metrics", noise.randbytes(noise.randrange(1, 400)))
    assert peer.post("/v1/metrics", one_histogram([1, 0]).SerializeToString())[0] == HTTPStatus.OK


def test_too_many_open_connections_do_not_keep_it_from_ending(peer):
    idle = [socket.create_connection(("127.0.0.1", peer.port), timeout=10) for _ in range(MAX_CONNECTIONS + 4)]
    refused = idle[-1].recv(1)
    assert refused == b""
    for connection in idle:
        connection.close()
