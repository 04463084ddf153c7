"""Every metric, attribute and unit name that leaves the process, once, with its meaning.

There is no OpenTelemetry convention for predictive models yet, so the ``ml`` name space is ours. The rules are those
of the general conventions: lower case, dots for name spaces, UCUM units, no unit and no ``_total`` in a name.
"""

from __future__ import annotations

from typing import Final

SCOPE: Final = "otel_mlmon"

# Metrics

PREDICTION_DURATION: Final = "ml.prediction.duration"
"""Histogram, ``s``: latency of a model call; its count is the number of calls."""

PREDICTION_VALUE: Final = "ml.prediction.value"
"""Histogram, ``1``: the distribution of scores and regressions, one value a row."""

PREDICTIONS: Final = "ml.predictions"
"""Counter, ``{prediction}``: rows answered, by predicted class."""

PREDICTION_CONFIDENCE: Final = "ml.prediction.confidence"
"""Histogram, ``1``: probability of the most probable class; its mean is the expected accuracy, with no labels."""

PREDICTION_BATCH_SIZE: Final = "ml.prediction.batch.size"
"""Histogram, ``{row}``: rows of an answered call."""

RESULT_COUNT: Final = "ml.result.count"
"""Histogram, ``{result}``: results that a ranking, recommendation or search returned; 0 is an empty answer."""

TIME_TO_FIRST: Final = "ml.prediction.time_to_first"
"""Histogram, ``s``: from a call to the first piece of a streamed answer."""

QUALITY_CHECKS: Final = "ml.quality.checks"
"""Counter, ``{check}``: what quality checks said of predictions, as passes and fails."""

QUALITY_VALUE: Final = "ml.quality.value"
"""Histogram, ``1``: what quality checks measured: a rank, a distance, a share."""

QUALITY_SKIPPED: Final = "ml.quality.skipped"
"""Counter, ``{check}``: predictions that a check over its budget was not asked about; chosen at random."""

INPUT_VALUES: Final = "ml.input.values"
"""Counter, ``{value}``: values of watched input columns, by what is wrong with them; one a row and column."""

INPUT_ROWS: Final = "ml.input.rows"
"""Counter, ``{row}``: rows of inputs, by whether any of their watched values has a problem."""

INPUT_VALUE: Final = "ml.input.value"
"""Histogram, ``1``: the numbers of watched input columns that are configured to have boundaries."""

MODEL_INFO: Final = "ml.model.info"
"""Gauge, ``{model}``: always 1; its attributes say which model is live.

The unit ``1`` would make Prometheus call it a ratio.
"""

MONITOR_ERRORS: Final = "ml.monitor.errors"
"""Counter, ``{error}``: failures of the instrumentation itself, which the service never sees."""

MONITOR_TIME: Final = "ml.monitor.time"
"""Seconds that the instrumentation itself took, in calls and in flushes; only on request."""

MONITOR_DROPPED: Final = "ml.monitor.dropped"
"""Counter, ``{value}``: values that could not be recorded as asked, by reason."""

# Units

UNIT_SECONDS: Final = "s"
UNIT_ONE: Final = "1"
UNIT_MODELS: Final = "{model}"
UNIT_PREDICTIONS: Final = "{prediction}"
UNIT_ROWS: Final = "{row}"
UNIT_RESULTS: Final = "{result}"
UNIT_CHECKS: Final = "{check}"
UNIT_ERRORS: Final = "{error}"
UNIT_VALUES: Final = "{value}"

# Attributes of metrics and spans

MODEL_NAME: Final = "ml.model.name"
MODEL_VERSION: Final = "ml.model.version"
OPERATION: Final = "ml.operation"
"""The method that answered: ``predict``, ``predict_proba``, …"""

OUTPUT_NAME: Final = "ml.output.name"
"""Which of several outputs: a class of ``predict_proba``, a target of a multi-output model."""

PREDICTION_CLASS: Final = "ml.prediction.class"
QUALITY_CHECK: Final = "ml.quality.check"
QUALITY_OUTCOME: Final = "ml.quality.outcome"
INPUT_NAME: Final = "ml.input.name"
"""Which watched column: its name, or its index from 0."""

INPUT_STATE: Final = "ml.input.state"
"""What is wrong with a value, or with a row: ``ok`` where nothing is."""

ERROR_TYPE: Final = "error.type"
"""Class name of the exception, or the status code with which a server refused; absent on success."""

SEGMENT_PREFIX: Final = "ml.segment."

# Attributes of ml.model.info and of spans only

FRAMEWORK: Final = "ml.framework"
MODEL_CLASS: Final = "ml.model.class"
MODEL_FINGERPRINT: Final = "ml.model.fingerprint"
"""First 16 hexadecimal digits of the SHA-256 of the file that the model was loaded from."""

MODEL_RUN_ID: Final = "ml.model.run.id"
"""Which run of an experiment tracker made the model."""

# Attributes of spans only

SPAN_PREDICT: Final = "predict"
"""Span name, followed by the model's name."""

PREDICTION_ID: Final = "ml.prediction.id"
PREDICTION_ROWS: Final = "ml.prediction.rows"
PREDICTION_SCORE: Final = "ml.prediction.value"
"""The score, when the call has one row."""

QUALITY_FAILED: Final = "ml.quality.failed"
"""Names of the checks that some row of the call failed."""

INPUT_PROBLEMS: Final = "ml.input.problems"
"""Names of the watched columns in which some row of the call has a problem."""

REVIEW: Final = "ml.review"
"""True on answers that a person should look at."""

# Attributes of what we report of ourselves

MONITOR_STAGE: Final = "ml.monitor.stage"
"""Which part of the instrumentation failed, or took time."""

STAGE_CALL: Final = "call"
STAGE_FLUSH: Final = "flush"

MONITOR_REASON: Final = "ml.monitor.reason"

DROPPED_NAN: Final = "nan"
DROPPED_INFINITE: Final = "infinite"
DROPPED_NEGATIVE: Final = "negative"
"""Only where the SDK's internals are out of reach: its public histogram refuses negative numbers."""

DROPPED_UNREADABLE: Final = "unreadable"
"""The model's answer could not be read as numbers or labels."""

DROPPED_STREAM: Final = "stream_overflow"
"""A streamed answer had more pieces than are kept until its end."""

DROPPED_SEGMENT_OVERFLOW: Final = "segment_overflow"
"""The prediction was counted, but some of its segment values were folded into ``other``."""

# Attributes of the scope

BUCKET_LAYOUT: Final = "ml.buckets"
"""Which boundaries the histograms of a scope have; one instrument can have only one set."""

# Values of attributes

OUTCOME_PASS: Final = "pass"  # noqa: S105
OUTCOME_FAIL: Final = "fail"

STATE_OK: Final = "ok"
STATE_PROBLEM: Final = "problem"
"""Of a row: some of its watched values is anything but ``ok``."""

STATE_WRONG_TYPE: Final = "wrong_type"
STATE_OUT_OF_RANGE: Final = "out_of_range"
STATE_UNSEEN: Final = "unseen"
"""A value that is none of the configured categories."""

STATE_STALE: Final = "stale"
"""A time that is further in the past than configured."""

OTHER: Final = "other"
"""Stands for all values beyond a limit."""

OUTPUT_SOURCE: Final = "source"
"""The output that says whether a number is the model's own, for libraries that tell when they fall back."""

SOURCE_MODEL: Final = "model"
SOURCE_FALLBACK: Final = "fallback"

MISSING: Final = "missing"
"""Stands for None, NaN and the empty text in a segment or a class, and is the state of such an input."""

MAX_ATTRIBUTE_LENGTH: Final = 256
