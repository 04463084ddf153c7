"""What a call costs, counted in bytecodes of ours and calls of C functions: the same on every machine, at any load."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from attrs import define, frozen
from sklearn.base import BaseEstimator, ClassifierMixin

import otel_mlmon
from otel_mlmon.config.schema import Configuration, ModelRule, Segments
from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected

OURS = otel_mlmon.__path__[0]
TOLERANCE = 1.1


@frozen
class Cost:
    """Of one call.

    Attributes
    ----------
    bytecodes
        Executed in the package's own functions.
    calls
        Of functions: the package's own, and those written in C that these call.
    """

    bytecodes: int
    calls: int

    def exceeds(self, recorded: Cost) -> bool:
        """Tell whether it is more than a tenth above what was recorded."""
        return self.bytecodes > recorded.bytecodes * TOLERANCE or self.calls > recorded.calls * TOLERANCE


@define
class Counter:
    """Counts while it is the interpreter's trace and profile function."""

    bytecodes: int = 0
    calls: int = 0

    def trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        frame.f_trace_opcodes = True
        self.bytecodes += event == "opcode"
        return self.trace

    def profile(self, frame: FrameType, event: str, _argument: object) -> None:
        self.calls += event in {"call", "c_call"} and frame.f_code.co_filename.startswith(OURS)


def cost_of(call: Callable[[], object]) -> Cost:
    """Count one call, after enough others for all to be warm."""
    for _ in range(3):
        call()
    # Twice, for CPython 3.12 sees no bytecode of a function that it begins to trace.
    for _ in range(2):
        counter = Counter()
        sys.settrace(counter.trace)
        sys.setprofile(counter.profile)
        try:
            call()
        finally:
            sys.setprofile(None)
            sys.settrace(None)
    assert counter.bytecodes
    return Cost(counter.bytecodes, counter.calls)


class Answering(ClassifierMixin, BaseEstimator):
    """Answers with what it was made with."""

    def __init__(self, answer: Any = None, inner: Any = None) -> None:
        self.answer = answer
        self.inner = inner
        self.classes_ = np.arange(2)

    def predict_proba(self, inputs: Any) -> Any:
        """Answer."""
        return self.answer if self.inner is None else self.inner.predict_proba(inputs)


ROW = np.array([[0.25, 0.75]])

# The most of CPython 3.10 to 3.13.
ONE_ROW = Cost(bytecodes=169, calls=15)
NESTED = Cost(bytecodes=184, calls=17)
NO_SDK = Cost(bytecodes=51, calls=4)


@pytest.fixture
def metrics_only(instrument: Callable[..., Collected]) -> Collected:
    return instrument(spans="off")


@pytest.mark.usefixtures("metrics_only")
def test_one_row_costs_what_was_recorded() -> None:
    model = Answering(ROW)
    assert not cost_of(lambda: model.predict_proba(ROW)).exceeds(ONE_ROW)


@pytest.mark.usefixtures("metrics_only")
def test_a_nested_call_costs_what_was_recorded() -> None:
    model = Answering(inner=Answering(ROW))
    assert not cost_of(lambda: model.predict_proba(ROW)).exceeds(NESTED)


def test_a_call_with_no_sdk_costs_what_was_recorded() -> None:
    instrumentor = ModelInstrumentor()
    instrumentor.instrument(config=Configuration())
    try:
        model = Answering(ROW)
        assert not cost_of(lambda: model.predict_proba(ROW)).exceeds(NO_SDK)
    finally:
        instrumentor.uninstrument()


def batch_cost(rows: int, segments: int) -> Cost:
    """Count a batch whose rows are spread over segments."""
    random = np.random.default_rng(7)
    positive = random.random(rows)
    frame = pd.DataFrame(
        {"segment": np.array([f"segment {index}" for index in range(segments)])[np.arange(rows) % segments]}
    )
    model = Answering(np.stack([1 - positive, positive], axis=1))
    return cost_of(lambda: model.predict_proba(frame))


@pytest.fixture
def by_segment(instrument: Callable[..., Collected]) -> Collected:
    rule = ModelRule(segments=Segments(columns=("segment",), max_values=100))
    return instrument(Configuration(models=(rule,)), spans="off")


@pytest.mark.usefixtures("by_segment")
def test_rows_cost_no_bytecode() -> None:
    few, many = batch_cost(10_000, 10), batch_cost(100_000, 10)
    assert not many.exceeds(few)


@pytest.mark.usefixtures("by_segment")
def test_segments_cost_the_same_each() -> None:
    ten, twenty, forty = (batch_cost(20_000, segments) for segments in (10, 20, 40))
    assert forty.bytecodes - twenty.bytecodes == pytest.approx(2 * (twenty.bytecodes - ten.bytecodes), rel=0.1)
