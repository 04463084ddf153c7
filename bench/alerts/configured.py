"""The benched model as its rules are generated from: the configuration, and the thresholds of one traffic."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from otel_mlmon.backends.prometheus.configured import subjects
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.config.document import Document
from otel_mlmon.config.edit import with_alerts
from otel_mlmon.config.load import structure

CONFIGURATION = Path(__file__).with_name("mlmon.yaml")
THRESHOLDS = Path(__file__).with_name("thresholds.json")


def chosen(times: int) -> dict[str, float]:
    """Return the thresholds of the traffic in which each flight is asked for so many times."""
    known: dict[str, dict[str, float]] = json.loads(THRESHOLDS.read_text(encoding="utf-8"))
    return known[str(times)]


def subject_of(data: Path, thresholds: Mapping[str, float]) -> Subject:
    """Return the model; ``data`` has its baseline."""
    text = with_alerts(CONFIGURATION.read_text(encoding="utf-8"), 0, thresholds)
    loaded = structure(CONFIGURATION.name, Document.parse(text))
    if loaded.problems:
        raise ValueError("\n".join(map(str, loaded.problems)))
    (subject,) = subjects(loaded.configuration, data)
    return subject
