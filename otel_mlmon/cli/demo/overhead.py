"""What the instrumentation costs a call, measured in a process of its own.

    python -m otel_mlmon.cli.demo.overhead MODEL CONFIG

The same one-row call of the same model, in short blocks with and without the instrumentation in turn. Of each block
the fastest call counts, as ``timeit`` advises: the others met something else that the machine did. Metrics and spans
go to a real SDK; nothing is exported meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any, Final

import joblib
import pandas as pd
from attrs import asdict, frozen
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from otel_mlmon.cli.failure import Failure
from otel_mlmon.instrumentor import ModelInstrumentor

BLOCKS: Final = 8
CALLS: Final = 60
WARM_UP: Final = 40
"""Patching a class makes the interpreter forget what it has learned of it: first calls are slower either way."""

TIMEOUT_SECONDS: Final = 120.0
MICROSECONDS_PER_NANOSECOND: Final = 1e-3
FLIGHT: Final = {
    "origin": "JFK",
    "dep_delay": 22.0,
    "distance": 2475,
    "hour": 18,
    "month": 7,
    "temp": 84.0,
    "wind_speed": 9.2,
    "precip": 0.0,
    "visib": 10.0,
}


@frozen
class Overhead:
    """Microseconds a call: the medians of the blocks' fastest."""

    bare: float
    observed: float

    @property
    def added(self) -> float:
        """Return the microseconds that the instrumentation adds."""
        return self.observed - self.bare

    @property
    def share(self) -> float:
        """Return what it adds as a share of the bare call."""
        return self.added / self.bare


def measure_in_subprocess(model: Path, config: Path) -> Overhead:
    """Run this module as a program and read its answer."""
    command = [sys.executable, "-m", __name__, str(model), str(config)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603  (our own command line)
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True
        )
    except subprocess.TimeoutExpired as error:
        message = f"the overhead could not be measured in {TIMEOUT_SECONDS:.0f} s: the machine is too busy"
        raise Failure(message) from error
    except subprocess.CalledProcessError as error:
        message = f"the overhead could not be measured:\n{error.stderr.strip()}"
        raise Failure(message) from error
    return Overhead(**json.loads(done.stdout))


def measure(model_file: Path, config: Path) -> Overhead:
    """Alternate blocks of calls and return the medians."""
    instrumentor = ModelInstrumentor()
    providers = {
        "meter_provider": MeterProvider([InMemoryMetricReader()]),
        "tracer_provider": TracerProvider(),
    }
    instrumentor.instrument(config=str(config), **providers)
    model = joblib.load(model_file)
    row = pd.DataFrame([FLIGHT])
    bare: list[int] = []
    observed: list[int] = []
    for _ in range(BLOCKS):
        observed.append(_block(model.predict_proba, row))
        instrumentor.uninstrument()
        bare.append(_block(model.predict_proba, row))
        instrumentor.instrument(config=str(config), **providers)
    return Overhead(
        bare=median(bare) * MICROSECONDS_PER_NANOSECOND, observed=median(observed) * MICROSECONDS_PER_NANOSECOND
    )


def _block(call: Callable[[pd.DataFrame], Any], row: pd.DataFrame) -> int:
    durations = []
    for _ in range(WARM_UP):
        call(row)
    for _ in range(CALLS):
        started = perf_counter_ns()
        call(row)
        durations.append(perf_counter_ns() - started)
    return min(durations)


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Path(sys.argv[1]), Path(sys.argv[2])))))  # noqa: T201
