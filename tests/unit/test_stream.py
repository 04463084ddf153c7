"""An iterator that a plain function returns, where it predicts while it is read."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from otel_mlmon import instrumentor
from otel_mlmon.capture.adapter import Adapter, Call, Hook
from otel_mlmon.capture.naming import remember_source
from otel_mlmon.observe.answers import Answer, Labels, RowsOnly
from tests.collected import Collected


class Pieces:
    """Counts how often it is asked; has a length, and begins anew with each pass."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.asked = 0

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Pieces:
        self.asked = 0
        return self

    def __next__(self) -> str:
        self.asked += 1
        if self.asked > len(self.texts):
            raise StopIteration
        if self.texts[self.asked - 1] == "bad":
            message = "a bad piece"
            raise ValueError(message)
        return self.texts[self.asked - 1]


class Reader:
    def read(self, texts: list[str]) -> Pieces:
        return Pieces(texts)

    def generate(self, texts: list[str]) -> Any:
        return (self.label(text) for text in texts)

    def label(self, text: str) -> str:
        return text

    def wrong(self) -> Any:
        raise KeyError


def labels(call: Call) -> Answer:
    return Labels(call.answer.kept, [0.5] * len(call.answer.kept)) if call.answer.kept else RowsOnly(call.answer.pieces)


def label(call: Call) -> Answer:
    return Labels([call.answer])


@pytest.fixture
def collected(instrument: Callable[..., Collected], monkeypatch: pytest.MonkeyPatch) -> Collected:
    module = ModuleType("reading_library")
    module.Reader = Reader  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "reading_library", module)
    lazy = {"named": "reading", "streams": True, "piece": str}
    hooks = [Hook(f"reading_library:Reader.{name}", labels, **lazy) for name in ("read", "generate", "wrong")]
    adapter = Adapter("reading", hooks=(*hooks, Hook("reading_library:Reader.label", label)))
    monkeypatch.setattr(instrumentor, "BUILT_IN", (adapter,))
    return instrument()


def calls(collected: Collected) -> dict[tuple[str, str | None], int]:
    points = collected.points("ml.prediction.duration")
    return {(point.attributes["ml.operation"], point.attributes.get("error.type")): point.count for point in points}


def test_it_passes_for_the_iterator_and_is_read_only_as_its_consumer_reads(collected: Collected) -> None:
    read = Reader().read(["a", "b"])
    assert isinstance(read, Pieces)
    assert (len(read), read.texts, read.asked) == (2, ["a", "b"], 0)
    assert next(iter(read)) == "a"
    assert read.asked == 1
    assert calls(collected) == {}
    assert next(read, None) == "b"
    assert next(read, None) is None
    assert calls(collected) == {("reading", None): 1}
    assert collected.counts_by("ml.predictions", "ml.prediction.class") == {"a": 1, "b": 1}
    assert (collected.count("ml.prediction.confidence"), collected.total("ml.prediction.confidence")) == (2, 1.0)


def test_what_predicts_while_it_is_read_is_part_of_the_call(collected: Collected) -> None:
    read = Reader().generate(["a", "b", "c"])
    assert inspect.isgenerator(read)
    assert not hasattr(read, "__len__")
    assert list(read) == ["a", "b", "c"]
    assert calls(collected) == {("reading", None): 1}
    assert collected.total("ml.prediction.batch.size") == 3
    Reader().label("a")
    assert calls(collected) == {("reading", None): 1, ("label", None): 1}


def test_an_iterator_that_is_dropped_ends_the_call_if_it_has_begun(collected: Collected) -> None:
    reader = Reader()
    reader.read(["a", "b"])
    gc.collect()
    assert calls(collected) == {}
    for _ in reader.read(["a", "b"]):
        break
    gc.collect()
    assert calls(collected) == {("reading", None): 1}
    assert collected.total("ml.prediction.batch.size") == 1


def test_each_pass_is_a_call_and_asking_at_the_end_is_none(collected: Collected) -> None:
    reader = Reader()
    read = reader.read(["a", "b"])
    assert list(read) == list(read) == ["a", "b"]
    assert [next(read, None) for _ in range(3)] == [None] * 3
    assert calls(collected) == {("reading", None): 2}
    assert list(reader.read([])) == []
    assert calls(collected) == {("reading", None): 3}


def test_an_error_is_a_failure_and_the_rest_can_be_read(collected: Collected) -> None:
    reader = Reader()
    read = reader.read(["a", "bad", "c"])
    assert next(iter(read)) == "a"
    with pytest.raises(ValueError, match="a bad piece"):
        next(read)
    assert [next(read, None), next(read, None)] == ["c", None]
    assert calls(collected) == {("reading", "ValueError"): 1, ("reading", None): 1}
    with pytest.raises(KeyError):
        reader.wrong()
    assert calls(collected)["reading", "KeyError"] == 1


def test_a_folder_is_called_by_its_whole_name(collected: Collected, tmp_path: Path) -> None:
    folder, file = tmp_path / "reader-v1.5", tmp_path / "reader-v2.5.onnx"
    folder.mkdir()
    file.touch()
    for path, name in ((folder, "reader-v1.5"), (file, "reader-v2")):
        reader = Reader()
        remember_source(reader, path, None)
        reader.label("a")
        assert collected.points("ml.prediction.duration", ml_model_name=name) != []
