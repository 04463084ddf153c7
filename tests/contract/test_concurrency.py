"""Sums stay exact over threads, asyncio and fork."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.linear_model import LogisticRegression

from otel_mlmon import segment
from otel_mlmon.instrumentor import ModelInstrumentor
from tests.collected import Collected
from tests.conftest import Table

THREADS, CALLS = 8, 1000


@pytest.fixture
def model(table: Table) -> LogisticRegression:
    return LogisticRegression().fit(table.inputs, table.label)


def test_eight_threads_of_a_thousand_calls_lose_nothing(
    telemetry: Collected, model: LogisticRegression, table: Table
) -> None:
    row = table.inputs[:1]
    started = threading.Barrier(THREADS + 1)

    def call() -> None:
        started.wait()
        for _ in range(CALLS):
            model.predict_proba(row)

    with ThreadPoolExecutor(THREADS) as pool:
        calls = [pool.submit(call) for _ in range(THREADS)]
        started.wait()
        while not all(future.done() for future in calls):
            telemetry.count("ml.prediction.value")  # a collection in the midst of it
        for future in calls:
            future.result()
    for metric in ("ml.prediction.duration", "ml.prediction.value", "ml.predictions", "ml.prediction.confidence"):
        assert telemetry.count(metric) == THREADS * CALLS
    assert telemetry.total("ml.prediction.value") == pytest.approx(
        THREADS * CALLS * model.predict_proba(row)[0, 1], rel=1e-9
    )


def test_threads_fill_one_recorder_past_its_buffer_without_loss(telemetry: Collected, table: Table) -> None:
    model = LogisticRegression().fit(table.inputs, table.label)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: model.predict(table.inputs[:1]), range(THREADS * CALLS)))
    assert telemetry.count("ml.predictions") == THREADS * CALLS


def test_tasks_and_their_threads_keep_their_own_segments(
    telemetry: Collected, model: LogisticRegression, table: Table
) -> None:
    async def serve(country: str, calls: int) -> None:
        with segment(country=country):
            for _ in range(calls):
                await asyncio.to_thread(model.predict, table.inputs[:1])
                model.predict(table.inputs[:1])
                await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(serve("DE", 30), serve("FR", 20), serve("IT", 10))

    asyncio.run(main())
    assert telemetry.counts_by("ml.predictions", "ml.segment.country") == {"DE": 60, "FR": 40, "IT": 20}


def _in_child(work: Callable[[], object]) -> str:
    """Run ``work`` in a forked child and return what it answers, as text."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writes, str(work()).encode())
        finally:
            os._exit(0)
    os.close(writes)
    ready, _, _ = select.select([reads], [], [], 30)
    if not ready:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reads) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    assert ready, "the forked child hangs"
    return text


def test_a_forked_child_counts_only_its_own(telemetry: Collected, model: LogisticRegression, table: Table) -> None:
    for _ in range(10):
        model.predict(table.inputs)
    telemetry.count("ml.predictions")
    model.predict(table.inputs)  # still in the buffer when the process forks

    def work() -> int:
        for _ in range(3):
            model.predict(table.inputs)
        return telemetry.count("ml.predictions")

    assert _in_child(work) == str(3 * len(table))
    assert telemetry.count("ml.predictions") == 11 * len(table)


def test_forks_amid_flushes_neither_hang_nor_lose(table: Table, model: LogisticRegression) -> None:
    # A reader of memory has a lock that it does not renew after a fork, so children ask one that nobody else does.
    busy, idle = (Collected(InMemoryMetricReader(), InMemorySpanExporter()) for _ in range(2))
    ModelInstrumentor().instrument(meter_provider=MeterProvider([busy.reader, idle.reader]))
    stop = threading.Event()
    calls = 0

    def collect() -> None:
        nonlocal calls
        # A wait hands the interpreter's lock over, which a thread that is always busy keeps for seconds.
        while not stop.wait(0.0002):
            model.predict(table.inputs[:1])
            calls += 1
            busy.count("ml.predictions")

    def predict_and_count() -> int:
        model.predict(table.inputs[:1])
        return idle.count("ml.predictions")

    collecting = threading.Thread(target=collect)
    collecting.start()
    try:
        for _ in range(200):
            assert _in_child(predict_and_count) == "1"
    finally:
        stop.set()
        collecting.join()
        ModelInstrumentor().uninstrument()
    assert busy.count("ml.predictions") == idle.count("ml.predictions") == calls


class SlowToConnect(MeterProvider):
    """Takes until ``go_on`` to give a meter, in the process that made it."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        super().__init__([reader])
        self._process = os.getpid()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def get_meter(self, *args: Any, **kwargs: Any) -> Meter:
        self.asked.set()
        if os.getpid() == self._process:
            self.go_on.wait()
        return super().get_meter(*args, **kwargs)


def test_a_child_that_is_forked_while_a_thread_connects_counts(table: Table, model: LogisticRegression) -> None:
    collected = Collected(InMemoryMetricReader(), InMemorySpanExporter())
    provider = SlowToConnect(collected.reader)
    ModelInstrumentor().instrument(meter_provider=provider)
    calling = threading.Thread(target=model.predict, args=(table.inputs[:1],))
    calling.start()
    provider.asked.wait()

    def predict_and_count() -> int:
        model.predict(table.inputs[:1])
        return collected.count("ml.predictions")

    try:
        assert _in_child(predict_and_count) == "1"
    finally:
        provider.go_on.set()
        calling.join()
        ModelInstrumentor().uninstrument()
    assert collected.count("ml.predictions") == 1


def test_an_array_that_the_service_changes_afterwards_is_recorded_as_it_was(
    telemetry: Collected, model: LogisticRegression, table: Table
) -> None:
    answer = model.predict_proba(table.inputs)
    expected = answer[:, 1].sum()
    answer[:] = np.nan
    assert telemetry.total("ml.prediction.value") == pytest.approx(expected)
