"""All that an adapter for another framework is made of, for packages that bring one.

Such a package names its :class:`Adapter` as an entry point of the group ``otel_mlmon_adapter``.
"""

from otel_mlmon.capture.adapter import (
    Adapter,
    Call,
    Callback,
    Endpoint,
    Exit,
    Hook,
    Loader,
    Origin,
    Streamed,
    Task,
    argument,
    as_returned,
    first_argument,
    into_instance,
)
from otel_mlmon.observe.answers import (
    Estimates,
    Labels,
    LogProbabilities,
    Named,
    Probabilities,
    Results,
    RowsOnly,
    Scores,
)

__all__ = [
    "Adapter",
    "Call",
    "Callback",
    "Endpoint",
    "Estimates",
    "Exit",
    "Hook",
    "Labels",
    "Loader",
    "LogProbabilities",
    "Named",
    "Origin",
    "Probabilities",
    "Results",
    "RowsOnly",
    "Scores",
    "Streamed",
    "Task",
    "argument",
    "as_returned",
    "first_argument",
    "into_instance",
]
