"""Labels, classes and segment values as text. Without numpy, for a service that names a segment may have no model."""

from __future__ import annotations

import math
from typing import Any

from otel_mlmon import semconv


def label_text(label: Any) -> str:
    """Return a label, class or segment value as an attribute's value: text of bounded length."""
    if type(label).__module__ == "numpy":
        label = label.item()
    if label is None or (isinstance(label, float) and math.isnan(label)):
        return semconv.MISSING
    if isinstance(label, bool):
        return "true" if label else "false"
    if isinstance(label, float) and label.is_integer():
        # The same class is an int from one estimator and a float from another.
        label = int(label)
    # pandas' own ways to say None.
    if type(label).__name__ in {"NAType", "NaTType"}:
        return semconv.MISSING
    text = label if isinstance(label, str) else str(label)
    # Prometheus takes an empty label for an absent one, and numpy's texts lose NUL at their end.
    return text[: semconv.MAX_ATTRIBUTE_LENGTH].rstrip("\0") or semconv.MISSING
