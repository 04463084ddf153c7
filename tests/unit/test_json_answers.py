"""What a model server answers in JSON, and where in it an output is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otel_mlmon.capture.adapter import Endpoint
from otel_mlmon.capture.addresses import endpoint_at
from otel_mlmon.config import json_path
from otel_mlmon.config.load import load
from otel_mlmon.config.schema import Output, OutputKind
from otel_mlmon.observe.answers import Answer, Labels, Named, Probabilities, Scores
from otel_mlmon.observe.json_answers import MAX_BODY, answer_of_json

LABEL, PROBABILITY = Output(kind=OutputKind.LABEL), Output(kind=OutputKind.PROBABILITY)
TENSOR = {"name": "score", "datatype": "FP32", "shape": [2, 1], "data": [0.1, 0.2]}
CLASSES = {"name": "class", "datatype": "INT64", "shape": [2], "data": [1, 0]}
TEXTS = {"name": "text", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]}


@pytest.mark.parametrize(
    ("document", "output", "answer"),
    [
        ({"predictions": [0.1, 2]}, Output(), Scores([0.1, 2])),
        ({"predictions": [[0.1, 0.9]]}, PROBABILITY, Probabilities([[0.1, 0.9]])),
        ({"predictions": ["cat", "dog"]}, LABEL, Labels(["cat", "dog"])),
        ({"predictions": ["cat", "dog"]}, Output(), None),
        ({"predictions": [{"score": 0.1}]}, Output(), None),
        ({"outputs": [0.5]}, Output(), Scores([0.5])),
        ({"results": [0.5]}, Output(), Scores([0.5])),
        ({"outputs": [TENSOR]}, Output(), Scores([0.1, 0.2])),
        ({"outputs": [TENSOR, TEXTS]}, Output(), Scores([0.1, 0.2])),
        ({"outputs": [TEXTS]}, LABEL, Labels(["a", "b"])),
        ({"outputs": [TENSOR, CLASSES]}, Output(), Named((("score", Scores([0.1, 0.2])), ("class", Labels([1, 0]))))),
        ({"outputs": []}, Output(), None),
        ({"data": {"ndarray": [[0.5]]}}, Output(), Scores([[0.5]])),
        ({"data": {"tensor": {"shape": [1, 2], "values": [1, 2]}}}, Output(), Scores([[1, 2]])),
        ({"data": "secret"}, Output(), None),
        (0.5, Output(), Scores(0.5)),
        ("cat", Output(), None),
        ("cat", LABEL, Labels("cat")),
        (None, Output(), None),
        ({}, Output(), None),
    ],
)
def test_usual_answers_are_known(document: Any, output: Output, answer: Answer | None) -> None:
    assert answer_of_json(json.dumps(document).encode(), output) == answer


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("score", 0.5),
        ("rows.*.p", [0.1, 0.2]),
        ("rows.1.p", 0.2),
        ("rows.*.top.*.s", [[1, 2], [3]]),
        ("by.7", "seven"),
        ("none", None),
    ],
)
def test_a_path_leads_to_a_value(path: str, value: Any) -> None:
    rows = [{"p": 0.1, "top": [{"s": 1}, {"s": 2}]}, {"p": 0.2, "top": [{"s": 3}]}]
    json_path.check(path)
    assert json_path.find({"score": 0.5, "rows": rows, "by": {"7": "seven"}, "none": None}, path) == value


@pytest.mark.parametrize("path", ["other", "score.deeper", "rows.2", "rows.*.other", "rows.first", "*", "score.*"])
def test_a_path_that_leads_nowhere_is_unreadable(path: str) -> None:
    document = {"score": 0.5, "rows": [{"p": 1}, {}]}
    with pytest.raises(LookupError):
        json_path.find(document, path)
    assert answer_of_json(json.dumps(document).encode(), Output(path=path)) == Scores(None)


@pytest.mark.parametrize("path", ["", ".", "a..b", "a.", "predictions[*].score", "$.score", "rows[0]", "a b", "(a)"])
def test_what_is_no_path_is_an_error_that_says_how_one_is_written(path: str, tmp_path: Path) -> None:
    file = tmp_path / "mlmon.yaml"
    file.write_text(f"models:\n  - match: {{url: '*'}}\n    output: {{path: '{path}'}}\n")
    loaded = load(str(file))
    (problem,) = loaded.problems
    assert "such as predictions.*.score" in problem.message
    assert "models[0].output.path" in problem.message
    assert problem.position.line == 3
    assert loaded.configuration.models[0].output.path is None


@pytest.mark.parametrize("body", [b"", b"<p>", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_unreadable_only_where_a_place_in_it_is_configured(body: bytes) -> None:
    assert answer_of_json(body, Output()) is None
    assert answer_of_json(body, Output(path="score")) == Scores(None)


def test_a_body_that_is_too_long_is_not_read() -> None:
    body = b"[" + b"0," * (MAX_BODY // 2) + b"0]"
    assert answer_of_json(body, Output()) == Scores(None)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://tf:8501/v1/models/clicks:predict", Endpoint("clicks", url="http://tf:8501/v1/models/clicks:predict")),
        (
            "https://k/v1/models/a%20b/versions/7:predict?x=1",
            Endpoint("a b", "7", "https://k/v1/models/a%20b/versions/7:predict"),
        ),
        ("http://k/v2/models/m/infer", Endpoint("m", url="http://k/v2/models/m/infer")),
        (
            "http://k/api/v2/models/m/versions/3/infer#x",
            Endpoint("m", "3", "http://k/api/v2/models/m/versions/3/infer"),
        ),
        ("https://jane:pw@shop.test:80/score?key=1", Endpoint("shop.test", url="https://shop.test:80/score")),
        ("http://[::1]:8080/score", Endpoint("::1", url="http://[::1]:8080/score")),
        ("http://shop.test", Endpoint("shop.test", url="http://shop.test")),
        ("http://shop.test?user=a@b/c", Endpoint("shop.test", url="http://shop.test")),
    ],
)
def test_an_address_says_what_a_model_is_called_and_no_more(url: str, endpoint: Endpoint) -> None:
    assert endpoint_at(url) == endpoint
