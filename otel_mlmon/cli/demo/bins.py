"""The buckets of a score as a person reads them: few, with a label each."""

from __future__ import annotations

from typing import Final

from otel_mlmon.cli.demo.measures import Counts, merged

STARTS: Final = (0, 3, 4, 6, 8, 12, 16, 21)
"""First bucket of each group, in the layout of probabilities."""

LABELS: Final = ("≤ 0.05", "to 0.1", "to 0.2", "to 0.3", "to 0.5", "to 0.7", "to 0.95", "> 0.95")


def shares(counts: Counts) -> tuple[float, ...]:
    """Return the share of each group; zeros when there are no values."""
    groups = merged(counts, STARTS)
    return tuple(float(share) for share in groups / max(groups.sum(), 1.0))
