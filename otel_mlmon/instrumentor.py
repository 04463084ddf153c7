"""The entry point that ``opentelemetry-instrument`` loads, and the whole of the wiring."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from otel_mlmon import safety
from otel_mlmon.adapters import persistence, sklearn, uvicorn
from otel_mlmon.capture.call import Engine
from otel_mlmon.capture.imports import Installation
from otel_mlmon.capture.models import LiveModels
from otel_mlmon.config.parameters import resolve
from otel_mlmon.emit.telemetry import Telemetry

ADAPTERS = (persistence.ADAPTER, uvicorn.ADAPTER, sklearn.ADAPTER)


class ModelInstrumentor(BaseInstrumentor):  # type: ignore[misc]
    """Reports every model call of this process.

    ``opentelemetry-instrument`` calls it; a service that sets OpenTelemetry up in code calls
    ``ModelInstrumentor().instrument()`` itself, before or after the frameworks are imported. Keywords:

    ``config``
        Path of ``mlmon.yaml``, or a ``Configuration``; default: ``OTEL_MLMON_CONFIG``.
    ``enabled``, ``spans``
        As ``OTEL_MLMON_ENABLED`` and ``OTEL_MLMON_SPANS``.
    ``meter_provider``, ``tracer_provider``
        Default: the global ones, also when they are set later.
    """

    _installation: Installation | None = None
    _telemetry: Telemetry | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing: frameworks are found at their import, and a process without any pays nothing."""
        return ()

    def _instrument(self, **kwargs: Any) -> None:
        # Any exception but ImportError out of here would stop all later instrumentors.
        with safety.guard("start"):
            self._start(**kwargs)

    def _start(
        self,
        *,
        config: Any = None,
        enabled: bool | None = None,
        spans: Any = None,
        meter_provider: Any = None,
        tracer_provider: Any = None,
        **_others: Any,
    ) -> None:
        loaded = resolve(config=config, enabled=enabled, spans=spans)
        for problem in loaded.problems:
            safety.logger.warning("otel-mlmon: %s", problem)
        if not loaded.configuration.enabled or _sdk_is_disabled():
            return
        models = LiveModels(loaded.configuration)
        self._telemetry = Telemetry(models.infos, meter_provider, tracer_provider)
        safety.set_error_listener(self._telemetry.error)
        self._installation = Installation(Engine(models, self._telemetry, loaded.configuration.spans))
        self._installation.install(ADAPTERS)

    def _uninstrument(self, **_kwargs: Any) -> None:
        with safety.guard("stop"):
            if self._installation is not None and self._telemetry is not None:
                self._installation.close()
                self._telemetry.close()
                safety.set_error_listener(None)
        self._installation = self._telemetry = None


def _sdk_is_disabled() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
