"""What a person reads when the server does not answer as it should."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from attrs import define, field

from examples.local_stack.processes import free_ports
from otel_mlmon.backends.promql.expression import DAY, HOUR, Selector
from otel_mlmon.cli.backtest.history import Span, known_span, values
from otel_mlmon.cli.backtest.prometheus import Prometheus, new_prometheus
from otel_mlmon.cli.failure import Failure
from tests.model_subjects import classifier

Asked = dict[str, str]
Answer = tuple[int, str]
END = 1_790_000_000


@define
class Server:
    """Answers as it is told, and remembers what it was asked."""

    address: str
    answer: Callable[[Asked], Answer]
    asked: list[Asked] = field(factory=list)
    headers: list[dict[str, str]] = field(factory=list)

    @property
    def prometheus(self) -> Prometheus:
        return new_prometheus(self.address, (), "secret")


def matrix(*series: tuple[dict[str, str], list[tuple[int, str]]]) -> Answer:
    result = [{"metric": labels, "values": samples} for labels, samples in series]
    return 200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


def refusal(code: int, reason: str) -> Callable[[Asked], Answer]:
    return lambda _asked: (code, json.dumps({"status": "error", "errorType": "execution", "error": reason}))


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = dict(urllib.parse.parse_qsl(body))
            serving.asked.append({"path": self.path, **asked})
            serving.headers.append(dict(self.headers))
            code, text = serving.answer(asked)
            self.send_response(code)
            if code == 302:
                self.send_header("Location", "https://login.example")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    serving = Server(f"http://127.0.0.1:{listening.server_port}", lambda _asked: matrix())
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield serving
    listening.shutdown()
    thread.join()
    listening.server_close()


def known(prometheus: Prometheus) -> Span:
    return known_span(prometheus, classifier(), END, weeks=4, step=300)


def test_nobody_listens():
    (port,) = free_ports(1)
    with pytest.raises(Failure, match=rf"^http://127.0.0.1:{port} does not answer: Connection refused$"):
        known(new_prometheus(f"http://127.0.0.1:{port}", (), None))


def test_something_else_listens(server: Server):
    server.answer = lambda _asked: (200, "<html>Grafana</html>")
    with pytest.raises(Failure, match=r"does not answer as a Prometheus does: is it the part before /api/v1\?$"):
        known(server.prometheus)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, "404 page not found"), r"answers 404: 404 page not found: is the address the part before /api/v1\?$"),
        ((401, "no org id"), r"answers 401: no org id: give a token in PROMETHEUS_TOKEN, or --header$"),
        ((302, ""), r"answers 302: Found: it leads to https://login.example, where no token was sent$"),
        ((400, '{"status": "error", "error": "parse error"}'), r"answers 400: parse error$"),
    ],
)
def test_an_error_is_told_with_what_to_do(answer: Answer, said: str, server: Server):
    server.answer = lambda _asked: answer
    with pytest.raises(Failure, match=said):
        known(server.prometheus)


def test_the_token_goes_with_each_question(server: Server):
    with pytest.raises(Failure):
        known(server.prometheus)
    assert server.headers[0]["Authorization"] == "Bearer secret"
    assert server.asked[0]["path"] == "/api/v1/query_range"


def test_a_model_without_predictions_is_named_with_its_series(server: Server):
    with pytest.raises(Failure, match=r'no predictions of the model .*count\{ml_model_name="flight-delay"\}$'):
        known(server.prometheus)


def test_too_little_history_says_how_much_there_is(server: Server):
    first = END // 300 * 300 - 3 * DAY
    server.answer = lambda _asked: matrix(({}, [(first, "2")]))
    with pytest.raises(Failure, match=r"has 3\.0 days of the model 'flight-delay', since 2026-09-\d\d: .* 8 days"):
        known(server.prometheus)


def test_a_history_shorter_than_asked_begins_where_it_begins(server: Server):
    first = END // 300 * 300 - 10 * DAY
    server.answer = lambda _asked: matrix(({}, [(first, "2")]))
    assert known(server.prometheus) == Span(first, END // 300 * 300, 300)


def test_what_is_too_much_for_a_day_is_asked_for_in_hours(server: Server):
    def at_most_six_hours(asked: Asked) -> Answer:
        start, end = int(asked["start"]), int(asked["end"])
        if end - start > 6 * HOUR:
            return 422, json.dumps({"error": "query processing would load too many samples into memory"})
        return matrix(({"job": "a"}, [(moment, "1") for moment in range(start, end + 1, 300)]))

    server.answer = at_most_six_hours
    span, shares = Span(0, DAY + HOUR, 300), []
    (series,) = values(server.prometheus, Selector("a"), span, shares.append)
    assert series.times.tolist() == span.moments.tolist()
    assert sum(shares) == pytest.approx(1)


def test_what_is_too_much_for_hours_says_what_to_do(server: Server):
    server.answer = refusal(503, "query timed out in expression evaluation")
    with pytest.raises(Failure, match=r"gives up even 1 h of an alert \(query timed out .*try --step 15m"):
        values(server.prometheus, Selector("a"), Span(0, DAY, 300), lambda _share: None)
