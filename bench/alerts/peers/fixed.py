"""A fixed threshold, as people write it: the hour's mean score is three standard deviations from what it usually is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import frozen

from bench.alerts.peers.windows import SCORE, Run, Verdict

PEER = "fixed"
SIGMAS = 3


@frozen
class Fixed:
    """The band that was chosen once."""

    mean: float
    deviation: float

    def judge(self, run: Run) -> Iterator[Verdict]:
        """Judge each hour."""
        for hour in run.hours():
            mean = float(hour.rows[SCORE].mean())
            away = (mean - self.mean) / self.deviation
            drifted = (SCORE,) if abs(away) > SIGMAS else ()
            yield Verdict(PEER, run.name, hour.end, len(hour.rows), {SCORE: away}, drifted)


def choose(run: Run, until: float) -> Fixed:
    """Return the band of the hours before some time."""
    means = [hour.rows[SCORE].mean() for hour in run.hours() if hour.end <= until]
    return Fixed(float(np.mean(means)), float(np.std(means)))
