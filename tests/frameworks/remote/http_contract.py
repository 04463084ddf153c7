"""What must hold of every HTTP client: models are those whose addresses are configured, and nothing else is touched."""

from __future__ import annotations

import socket
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from opentelemetry.trace import SpanKind, StatusCode

from otel_mlmon.adapters import BUILT_IN
from otel_mlmon.config.schema import Configuration, Match, ModelRule, Output, OutputKind
from tests.collected import Collected
from tests.frameworks.contract import (
    Case,
    FrameworkContract,
    Recorded,
    assert_numbers,
    of_labels,
    of_many,
    of_scores,
    of_two,
)
from tests.frameworks.remote.server import Gate, Reply, Request, Server, in_json
from tests.frameworks.targets import attributes_of

SECRET = "4711-jane-doe"

GATE = Gate()

ANSWERS = {
    "/v1/models/clicks:predict": {"predictions": [0.1, 0.9, 0.4]},
    "/v1/models/clicks/versions/7:predict": {"predictions": [[0.2, 0.8], [0.9, 0.1]]},
    "/v1/models/topics:predict": {"outputs": [[0.2, 0.5, 0.3]]},
    "/v2/models/ranker/versions/3/infer": {
        "model_name": "ranker",
        "outputs": [
            {"name": "score", "datatype": "FP32", "shape": [2, 1], "data": [0.25, 0.75]},
            {"name": "shown", "datatype": "INT64", "shape": [2], "data": [1, 0]},
            {"name": "text", "datatype": "BYTES", "shape": [2], "data": [SECRET, SECRET]},
        ],
    },
    "/seldon/shop/fraud/api/v1.0/predictions": {"data": {"tensor": {"shape": [2, 2], "values": [0.3, 0.7, 0.6, 0.4]}}},
    "/bento": [1.5, 2.5],
    "/rank": {"user": SECRET, "items": [{"id": SECRET, "score": 0.3}, {"id": SECRET, "score": 0.1}]},
    "/tag": {"tag": {"best": "sport"}},
    "/text": {"answer": SECRET},
}


def routes(request: Request) -> Reply:
    path, _, query = request.path.partition("?")
    if query == "astray":
        return Reply(status=307, headers={"Location": "ftp://127.0.0.1/"})
    if path == "/moved":
        return Reply(status=307, headers={"Location": "/bento"})
    if path == "/slow":
        GATE.wait()
    if path == "/busy":
        return in_json({"error": SECRET}, 503)
    if path == "/html":
        return Reply(b"<p>" + SECRET.encode())
    return in_json(ANSWERS.get(path, [0.5]))


SERVER = Server(routes)


def rule(url: str, name: str | None = None, **output: Any) -> ModelRule:
    return ModelRule(Match(url=url), name, output=Output(**output))


PROBABILITY = OutputKind.PROBABILITY
CONFIGURATION = Configuration(
    models=(
        rule("http://127.0.0.1:*/v1/models/clicks:predict"),
        rule("*/v1/models/clicks/versions/7:predict", kind=PROBABILITY),
        rule("*/v1/models/topics:predict", kind=PROBABILITY),
        rule("*/v2/models/*/infer"),
        rule("*/seldon/*", "fraud", kind=PROBABILITY),
        rule("*/bento"),
        rule("*/rank", "home-ranking", path="items.*.score"),
        rule("*/tag", "tags", path="tag.best", kind=OutputKind.LABEL),
        rule("*/text", "text", path="answer"),
        rule("*/gone", "gone", path="no.such.place"),
        rule("*/users/*/score"),
        rule("*/moved", "moved"),
        rule("*/busy", "busy"),
        rule("*/slow", "slow"),
        rule("*/html", "html"),
    )
)


def of_ranker(answer: Any) -> Recorded:
    score, shown, _ = answer["outputs"]
    return Recorded(2, {"score": score["data"]}, {"shown": shown["data"]})


def of_fraud(answer: Any) -> Recorded:
    return of_two(np.reshape(answer["data"]["tensor"]["values"], (2, 2)))


Post = Callable[..., Any]


def cases(post: Post) -> dict[str, Case]:
    """Return the cases of a client, by the function that posts with it, and returns status and answer."""

    def case(path: str, recorded: Callable[[Any], Recorded], name: str, version: str | None = None) -> Case:
        return Case(
            lambda _folder: post,
            lambda client: client(f"{SERVER.url}{path}")[1],
            recorded,
            name,
            "predict",
            lambda client: client(f"{SERVER.url}{path}?astray"),
            version,
        )

    return {
        "KServe v1": case("/v1/models/clicks:predict", lambda a: of_scores(a["predictions"]), "clicks"),
        "TensorFlow Serving": case(
            "/v1/models/clicks/versions/7:predict", lambda a: of_two(a["predictions"]), "clicks", "7"
        ),
        "TensorFlow Serving by columns": case("/v1/models/topics:predict", lambda a: of_many(a["outputs"]), "topics"),
        "KServe v2": case("/v2/models/ranker/versions/3/infer", of_ranker, "ranker", "3"),
        "Seldon": case("/seldon/shop/fraud/api/v1.0/predictions", of_fraud, "fraud"),
        "a bare list": case("/bento", of_scores, "127.0.0.1"),
        "a configured place": case(
            "/rank", lambda a: of_scores([item["score"] for item in a["items"]]), "home-ranking"
        ),
        "a configured label": case("/tag", lambda a: of_labels([a["tag"]["best"]]), "tags"),
    }


class HttpContract(FrameworkContract):
    """Subclass it as ``Test…`` in a file a client."""

    post: ClassVar[Post]
    """Posts to a URL, and returns status and answer; ``timeout`` in seconds."""

    @pytest.fixture
    def instrument(self, instrument: Callable[..., Collected]) -> Callable[..., Collected]:
        """Instrument with rules for addresses, where the test says nothing else."""

        def start(configuration: Configuration = CONFIGURATION, **keywords: object) -> Collected:
            return instrument(configuration, **keywords)

        return start

    @abstractmethod
    def stream(self, url: str) -> bytes:
        """Read an answer in parts."""

    @abstractmethod
    def span_while_sending(self, url: str) -> int:
        """Return the identifier of the span that is current while a request is made."""

    def test_nothing_is_touched_where_no_address_is_configured(self, instrument: Callable[..., Collected]) -> None:
        (adapter,) = [adapter for adapter in BUILT_IN if adapter.name == self.adapter]
        before = attributes_of(adapter)
        assert before
        instrument(Configuration(models=(ModelRule(Match(name="*")),)))
        assert attributes_of(adapter) == before

    def test_other_addresses_are_nothing(self, telemetry: Collected) -> None:
        type(self).post(f"{SERVER.url}/v1/models/clicks/metadata")
        type(self).post(f"{SERVER.url}/rank/others")
        assert telemetry.points("ml.prediction.duration") == []
        assert telemetry.spans() == []

    def test_a_refusal_is_a_failure_though_nothing_is_raised(self, telemetry: Collected) -> None:
        status, _ = type(self).post(f"{SERVER.url}/busy")
        assert status == 503
        (duration,) = telemetry.points("ml.prediction.duration")
        assert (duration.count, duration.attributes["error.type"]) == (1, "503")
        assert telemetry.points("ml.prediction.value") == []
        (span,) = telemetry.spans()
        assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "503")

    def test_a_time_out_is_a_failure(self, telemetry: Collected) -> None:
        with pytest.raises(Exception) as raised:  # noqa: PT011  (whatever the client raises)
            type(self).post(f"{SERVER.url}/slow", timeout=0.2)
        GATE.open()
        (duration,) = telemetry.points("ml.prediction.duration")
        assert (duration.count, duration.attributes["error.type"]) == (1, type(raised.value).__name__)

    def test_a_server_that_is_gone_is_a_failure(self, telemetry: Collected) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        with pytest.raises(Exception) as raised:  # noqa: PT011  (whatever the client raises)
            type(self).post(f"http://127.0.0.1:{port}/bento")
        (duration,) = telemetry.points("ml.prediction.duration")
        assert (duration.count, duration.attributes["error.type"]) == (1, type(raised.value).__name__)

    def test_a_stream_is_left_to_its_reader(self, telemetry: Collected) -> None:
        assert self.stream(f"{SERVER.url}/bento") == b"[1.5, 2.5]"
        assert telemetry.count("ml.prediction.duration") == 1
        for metric in ("ml.prediction.value", "ml.prediction.batch.size", "ml.monitor.dropped"):
            assert telemetry.points(metric) == []
        assert len(telemetry.spans()) == 1

    def test_a_redirected_call_is_one(self, telemetry: Collected) -> None:
        assert type(self).post(f"{SERVER.url}/moved") == (200, [1.5, 2.5])
        (duration,) = telemetry.points("ml.prediction.duration")
        assert (duration.count, duration.attributes["ml.model.name"]) == (1, "moved")
        assert telemetry.count("ml.prediction.value") == 2

    def test_the_span_is_of_a_client_and_the_parent_of_what_the_client_does(self, telemetry: Collected) -> None:
        seen = self.span_while_sending(f"{SERVER.url}/bento")
        (span,) = telemetry.spans()
        assert (span.kind, span.context.span_id) == (SpanKind.CLIENT, seen)

    def test_users_of_one_model_are_one_model(self, telemetry: Collected) -> None:
        for user in ("1", "2", SECRET):
            type(self).post(f"{SERVER.url}/users/{user}/score")
        (duration,) = telemetry.points("ml.prediction.duration")
        assert (duration.count, duration.attributes["ml.model.name"]) == (3, "127.0.0.1")
        assert len(telemetry.points("ml.model.info")) == 1
        assert_nothing_leaks(telemetry)

    def test_what_is_not_where_it_should_be_is_unreadable(self, telemetry: Collected) -> None:
        for path in ("/gone", "/text"):
            type(self).post(f"{SERVER.url}{path}")
        assert telemetry.count("ml.prediction.duration") == 2
        assert telemetry.count("ml.monitor.dropped", ml_monitor_reason="unreadable") == 2
        assert telemetry.points("ml.prediction.value") == telemetry.points("ml.predictions") == []

    def test_no_query_no_credentials_and_no_body_leave(self, telemetry: Collected) -> None:
        for path in ("/rank", "/busy", "/text", "/tag", "/v2/models/ranker/versions/3/infer"):
            type(self).post(f"http://jane:{SECRET}@{SERVER.address}{path}?token={SECRET}")
        assert telemetry.count("ml.prediction.duration") == 5
        assert_nothing_leaks(telemetry)

    def test_spans_may_be_off(self, instrument: Callable[..., Collected], tmp_path: Path) -> None:
        collected = instrument(spans="off")
        for _ in range(3):
            type(self).post(f"{SERVER.url}/bento")
        assert_numbers(collected.points("ml.prediction.value"), {"": [1.5, 2.5] * 3})
        assert collected.spans() == []


def assert_nothing_leaks(collected: Collected) -> None:
    """Assert that nothing of what only the caller may know is exported."""
    exported = [collected.reader.get_metrics_data().to_json(), *(span.to_json() for span in collected.spans())]
    assert not [text for text in exported if SECRET in text or "token" in text or "jane" in text]
