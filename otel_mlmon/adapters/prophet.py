"""Prophet: one row a date that is asked for, those of the history included; its value is ``yhat``, without bounds."""

from __future__ import annotations

from typing import Any

from otel_mlmon.capture.adapter import Adapter, Call, Hook
from otel_mlmon.observe.answers import Answer, Scores


def forecasts(call: Call) -> Answer:
    """``Prophet.predict``: shape (dates,)."""
    return Scores(call.answer["yhat"])


def dates(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the frame of dates where its rows stand in the order of the answer, which is sorted by date."""
    frame = args[0] if args else kwargs["df"]
    return frame if frame["ds"].is_monotonic_increasing and frame["ds"].is_unique else None


def is_new(_instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Tell whether dates are given: the model's own are diagnostics."""
    return (args[0] if args else kwargs.get("df")) is not None


ADAPTER = Adapter(
    name="prophet",
    distributions=("prophet",),
    oldest="1.1.5",
    hooks=(
        Hook("prophet.forecaster:Prophet.predict", forecasts, dates, when=is_new),
        Hook("prophet.forecaster:Prophet.fit", trains=True),
        # By its worker: ``cross_validation`` may run in processes and in threads.
        Hook("prophet.diagnostics:single_cutoff_forecast", quiet=True),
    ),
)
