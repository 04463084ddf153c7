"""The gauge of the live models, whose callback is also where a collection begins."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Protocol

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

from otel_mlmon import semconv
from otel_mlmon.emit.instruments import DESCRIPTIONS, meter_of


class Listener(Protocol):
    """Is asked at every collection."""

    def observations(self) -> list[Observation]:
        """Return the live models; called before the reader reads anything."""


class Tap:
    """The callback that a meter provider keeps for ever, while listeners come and go."""

    def __init__(self) -> None:
        self._listener: Callable[[], Listener | None] = _nobody
        self.gauge: object = None

    def listen(self, listener: Listener) -> None:
        """Ask this listener from now on, for as long as it lives."""
        self._listener = weakref.ref(listener)

    def __call__(self, _options: CallbackOptions) -> Iterable[Observation]:
        """Answer a reader that collects."""
        listener = self._listener()
        return [] if listener is None else listener.observations()


def tap_of(provider: MeterProvider) -> Tap:
    """Return the tap of a provider: a second gauge of the same name would never be asked."""
    tap = _taps.get(provider)
    if tap is None:
        tap = Tap()
        described = DESCRIPTIONS[semconv.MODEL_INFO]
        meter = meter_of(provider, None)
        tap.gauge = meter.create_observable_gauge(
            semconv.MODEL_INFO, callbacks=[tap], unit=described.unit, description=described.text
        )
        _taps[provider] = tap
    return tap


def _nobody() -> None:
    return None


_taps: weakref.WeakKeyDictionary[MeterProvider, Tap] = weakref.WeakKeyDictionary()
