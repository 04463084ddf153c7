"""StatsForecast: one row a step of each series, one output a model; bounds of intervals are left out."""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Call, Hook
from otel_mlmon.observe.answers import Answer, Scores


def forecasts(call: Call) -> Answer | None:
    """``predict``, ``forecast``: shape (steps, models), of all series; None for frames that are not computed here."""
    if type(call.answer).__module__.partition(".")[0] not in {"pandas", "polars"}:
        return None
    names = [repr(model) for model in call.instance.models]
    return Scores(call.answer[names], names)


def mean(call: Call) -> Answer:
    """``predict``, ``forecast`` of a model by itself: shape (steps,)."""
    return Scores(call.answer["mean"])


_SERIES, _MODEL = "statsforecast.core:StatsForecast", "statsforecast.models:_TS"

ADAPTER = Adapter(
    name="statsforecast",
    distributions=("statsforecast",),
    oldest="1.7",
    hooks=(
        *(Hook(f"{_SERIES}.{method}", forecasts) for method in ("predict", "forecast", "fit_predict")),
        *(Hook(f"{_MODEL}.{method}", mean, abstract=True) for method in ("predict", "forecast")),
        *(Hook(f"{one}.fit", trains=True, abstract=True) for one in (_SERIES, _MODEL)),
        Hook(f"{_SERIES}.cross_validation", quiet=True),
    ),
)
