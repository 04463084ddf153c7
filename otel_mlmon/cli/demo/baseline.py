"""What the model usually answers: the distribution that its training left beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import numpy as np
from attrs import frozen

from otel_mlmon.cli.demo.measures import Counts


@frozen(eq=False)
class Distribution:
    """Scores of held-out rows."""

    counts: Counts
    mean: float
    positive_share: float


@frozen(eq=False)
class Baseline:
    """Scores of January to June, each day scored by a model that had not seen it."""

    bounds: tuple[float, ...]
    overall: Distribution
    origins: Mapping[str, Distribution]
    hours: tuple[datetime, ...]
    """Local time, ascending; hours without flights are absent."""
    hourly: Counts
    """Shape ``(len(hours), len(bounds) + 1)``."""


def read_baseline(path: Path) -> Baseline:
    """Read the file that training wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Baseline(
        bounds=tuple(content["bounds"]),
        overall=_distribution(content["overall"]),
        origins={name: _distribution(part) for name, part in content["origin"].items()},
        hours=tuple(datetime.fromisoformat(hour["time"]) for hour in content["hours"]),
        hourly=np.array([hour["counts"] for hour in content["hours"]], dtype=np.float64),
    )


def _distribution(part: Mapping[str, object]) -> Distribution:
    counts = np.array(part["counts"], dtype=np.float64)
    return Distribution(counts, float(str(part["mean"])), float(str(part["positive_share"])))
