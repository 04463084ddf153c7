"""The entry point that ``opentelemetry-instrument`` loads, and the whole of the wiring."""

from __future__ import annotations

import os
from collections.abc import Collection
from threading import RLock
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from otel_mlmon import safety
from otel_mlmon.adapters import catboost, lightgbm, persistence, sklearn, uvicorn, xgboost
from otel_mlmon.capture.imports import Installation

if TYPE_CHECKING:
    from otel_mlmon.capture.call import Engine
    from otel_mlmon.pipeline import Pipeline

ADAPTERS = (
    persistence.ADAPTER,
    uvicorn.ADAPTER,
    sklearn.ADAPTER,
    xgboost.ADAPTER,
    lightgbm.ADAPTER,
    catboost.ADAPTER,
)


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
    _pipeline: Pipeline | None = None

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
        if _sdk_is_disabled():
            return
        building = RLock()

        def engine() -> Engine | None:
            from otel_mlmon.pipeline import Pipeline  # noqa: PLC0415

            with building:
                if self._pipeline is None:
                    self._pipeline = Pipeline(
                        config=config,
                        enabled=enabled,
                        spans=spans,
                        meter_provider=meter_provider,
                        tracer_provider=tracer_provider,
                    )
            return self._pipeline.engine if self._pipeline.enabled else None

        self._installation = Installation(engine)
        self._installation.install(ADAPTERS)

    def _uninstrument(self, **_kwargs: Any) -> None:
        with safety.guard("stop"):
            if self._installation is not None:
                self._installation.close()
            if self._pipeline is not None:
                self._pipeline.close()
        self._installation = self._pipeline = None


def _sdk_is_disabled() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
