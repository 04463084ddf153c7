"""What Prometheus calls our metrics and attributes, by its default translation of OpenTelemetry's names."""

from __future__ import annotations

from typing import Final

from otel_mlmon import semconv


def label(attribute: str) -> str:
    """Return the label of an attribute."""
    return "".join(character if character.isalnum() else "_" for character in attribute)


JOB: Final = "job"
LE: Final = "le"

VALUE: Final = label(semconv.PREDICTION_VALUE)
CONFIDENCE: Final = label(semconv.PREDICTION_CONFIDENCE)
RESULT_COUNT: Final = label(semconv.RESULT_COUNT)
DURATION: Final = f"{label(semconv.PREDICTION_DURATION)}_seconds"
BATCH_SIZE: Final = label(semconv.PREDICTION_BATCH_SIZE)
PREDICTIONS: Final = f"{label(semconv.PREDICTIONS)}_total"
CHECKS: Final = f"{label(semconv.QUALITY_CHECKS)}_total"
INPUT_VALUES: Final = f"{label(semconv.INPUT_VALUES)}_total"
MODEL_INFO: Final = label(semconv.MODEL_INFO)
MONITOR_ERRORS: Final = f"{label(semconv.MONITOR_ERRORS)}_total"
MONITOR_DROPPED: Final = f"{label(semconv.MONITOR_DROPPED)}_total"

MODEL: Final = label(semconv.MODEL_NAME)
VERSION: Final = label(semconv.MODEL_VERSION)
FINGERPRINT: Final = label(semconv.MODEL_FINGERPRINT)
OPERATION: Final = label(semconv.OPERATION)
OUTPUT: Final = label(semconv.OUTPUT_NAME)
CLASS: Final = label(semconv.PREDICTION_CLASS)
CHECK: Final = label(semconv.QUALITY_CHECK)
OUTCOME: Final = label(semconv.QUALITY_OUTCOME)
INPUT: Final = label(semconv.INPUT_NAME)
STATE: Final = label(semconv.INPUT_STATE)
ERROR: Final = label(semconv.ERROR_TYPE)
REASON: Final = label(semconv.MONITOR_REASON)
STAGE: Final = label(semconv.MONITOR_STAGE)


def segment(key: str) -> str:
    """Return the label of a segment key."""
    return label(semconv.SEGMENT_PREFIX + key)


def bucket(boundary: float) -> str:
    """Return the value of ``le`` of a bucket that ends at ``boundary``."""
    return f"{boundary:.0f}" if boundary == int(boundary) else repr(boundary)
