"""A bounded sample of the predictions that a person should look at: JSON lines with what is named, and nothing else."""

from __future__ import annotations

import json
import math
import os
import re
from datetime import datetime, timezone
from time import monotonic
from typing import Any

import numpy as np

from otel_mlmon import safety
from otel_mlmon.config.review import Review
from otel_mlmon.observe.checks.evidence import Evidence, Flags
from otel_mlmon.observe.checks.keys import keys_of
from otel_mlmon.observe.prediction import Model
from otel_mlmon.observe.rows import Rows

STAGE = "review"
MINUTE = 60.0
REDACTED = "[redacted]"
MAX_TEXT = 1_000
"""Characters of one field."""


class ReviewSample:
    """Keeps predictions of one operation of one model.

    Parameters
    ----------
    model, operation
        Which answered.
    review
        Where they are kept, and what of them.
    """

    def __init__(self, model: Model, operation: str, review: Review) -> None:
        self._known = {"model": model.name, "version": model.version, "operation": operation}
        self._review = review
        self._redact = re.compile("|".join(f"(?:{pattern})" for pattern in review.redact)) if review.redact else None
        self._left = review.per_minute
        self._until = 0.0

    @safety.guard(STAGE)
    def keep(self, evidence: Evidence, failed: dict[str, Flags]) -> None:
        """Keep the rows of a call that failed a check, as far as there is room for them."""
        if evidence.rows is None or not failed:
            return
        places = np.flatnonzero(np.logical_or.reduce(list(failed.values())))[: self._room()].tolist()
        if places:
            self._left -= len(places)
            self._append([self._line(place, evidence, evidence.rows, failed) for place in places])

    def _room(self) -> int:
        now = monotonic()
        if now >= self._until:
            self._until, self._left = now + MINUTE, self._review.per_minute
        return self._left

    def _line(self, place: int, evidence: Evidence, rows: Rows, failed: dict[str, Flags]) -> str:
        values = {column.name or "value": column.numbers.reshape(rows.count, -1)[place, 0] for column in rows.values}
        classes = {one.name or "class": one.factors.texts[one.factors.codes[place]] for one in rows.classes}
        confidence = {one.name or "confidence": one.numbers[place] for one in rows.confidence}
        record = {
            "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            **self._known,
            "failed": [name for name, flags in failed.items() if flags[place]],
            **{name: _number(value) for name, value in {**values, **confidence}.items()},
            **classes,
            "segments": dict(evidence.segments),
            "fields": {name: self._field(name, place, evidence) for name in self._review.fields},
        }
        return json.dumps(record, ensure_ascii=False) + "\n"

    def _field(self, name: str, place: int, evidence: Evidence) -> Any:
        keys = keys_of(name, evidence)
        value = None if keys is None else keys[place]
        if isinstance(value, float):
            return _number(value)
        if value is None or isinstance(value, (bool, int)):
            return value
        text = str(value)[:MAX_TEXT]
        return text if self._redact is None else self._redact.sub(REDACTED, text)

    def _append(self, lines: list[str]) -> None:
        path = self._review.file
        if path is None or (os.path.exists(path) and os.path.getsize(path) >= self._review.max_bytes):  # noqa: PTH110, PTH202
            return
        # One write of a file that is open for appending is not torn by those of other processes.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, "".join(lines).encode())
        finally:
            os.close(descriptor)


def _number(value: Any) -> float | None:
    # JSON has no NaN.
    return float(value) if math.isfinite(value) else None
