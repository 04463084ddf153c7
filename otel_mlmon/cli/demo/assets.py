"""Where the example service lies, and what the demo makes of it: a model, its baseline, and a broken model."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import joblib
import pandas as pd
from attrs import frozen
from threadpoolctl import threadpool_limits

from examples.flight_delay import train as training
from examples.flight_delay.data import FEATURES, first_half, load_flights, second_half
from otel_mlmon.cli.demo.baseline import Baseline, read_baseline

MODEL_NAME: Final = "flight-delay"
"""As ``mlmon.yaml`` of the example names it."""

EXAMPLES: Final = Path(training.__file__).parents[2]
"""The folder that holds ``examples/flight_delay``."""

CONFIG: Final = EXAMPLES / "examples" / "flight_delay" / "mlmon.yaml"
BROKEN_MODEL_FILE: Final = "flight-delay-nightly.joblib"
BROKEN_STEP: Final = 80
"""The broken model needs few flights to learn nothing from."""


@frozen(eq=False)
class Assets:
    """What a run needs."""

    model: Path
    broken_model: Path
    baseline: Baseline
    flights: pd.DataFrame
    """July to December, in the order of departure."""


def prepare(folder: Path) -> Assets:
    """Train on January to June, and write both models into ``folder``."""
    flights = load_flights()
    broken = folder / BROKEN_MODEL_FILE
    # OpenMP's threads wait for each other by spinning: on a machine with other work, two are slower than one.
    with threadpool_limits(1):
        model = training.train(folder, flights)
        joblib.dump(learned_nothing(first_half(flights).iloc[::BROKEN_STEP]), broken)
    return Assets(model, broken, read_baseline(folder / training.BASELINE_FILE), second_half(flights))


def learned_nothing(flights: pd.DataFrame) -> object:
    """Return the pipeline fitted on flights whose features are all zero: it answers with one number."""
    zeros = flights.assign(**dict.fromkeys(FEATURES, 0.0))
    return training.build_model().fit(zeros, flights["late"].astype(int))
