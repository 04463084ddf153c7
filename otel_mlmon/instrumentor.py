"""The entry point that ``opentelemetry-instrument`` loads, and the whole of the wiring."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import wrapt
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]

from otel_mlmon import safety
from otel_mlmon.adapters import BUILT_IN
from otel_mlmon.capture.imports import Installation, WhenBuilt
from otel_mlmon.capture.own_code import ADAPTER as OWN_CODE
from otel_mlmon.capture.own_code import set_current_engine
from otel_mlmon.capture.registry import with_plugins
from otel_mlmon.capture.witness import INSTRUMENTED, of_environment
from otel_mlmon.config.environment_variables import OTEL_MLMON_CONFIG
from otel_mlmon.deferred import Deferred

if TYPE_CHECKING:
    from otel_mlmon.capture.adapter import Adapter
    from otel_mlmon.capture.call import Engine
    from otel_mlmon.pipeline import Pipeline

DISABLED = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
"""Of opentelemetry-instrument; our adapters stand in it as ``otel_mlmon_sklearn``."""

PREFIX = "otel_mlmon_"


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
        witness = of_environment()
        if witness is not None:
            witness.tell(INSTRUMENTED, disabled=_sdk_is_disabled())
        if _sdk_is_disabled():
            return
        known, disabled = with_plugins((*BUILT_IN, OWN_CODE)), disabled_adapters()

        def build() -> Pipeline:
            from otel_mlmon.pipeline import Pipeline  # noqa: PLC0415

            self._pipeline = Pipeline(
                known_adapters=[adapter.name for adapter in known],
                config=config,
                enabled=enabled,
                spans=spans,
                meter_provider=meter_provider,
                tracer_provider=tracer_provider,
                witness=witness,
            )
            return self._pipeline

        pipeline = Deferred(build)

        def engine() -> Engine | None:
            built = pipeline.get()
            return built.engine if built is not None and built.enabled else None

        def applies(adapter: Adapter) -> bool:
            built = pipeline.get()
            return adapter.name not in disabled and built is not None and built.applies(adapter)

        def may_apply(adapter: Adapter) -> bool:
            built = pipeline.built
            return adapter.name not in disabled and (built is None or (built.enabled and built.applies(adapter)))

        def export(adapter: Adapter) -> None:
            # Where nothing is built, no model was called.
            if pipeline.built is not None and may_apply(adapter):
                pipeline.built.engine.export()

        def forget(instance: Any) -> None:
            if pipeline.built is not None:
                pipeline.built.engine.forget(instance)

        set_current_engine(lambda: engine() if applies(OWN_CODE) else None)
        built_only = WhenBuilt(export, forget, may_apply)
        self._installation = Installation(engine, pipeline.then, applies, built_only, witness)
        wrapt.register_post_import_hook(lambda _numpy: pipeline.go_on(), "numpy")
        has_url_rules = _has_url_rules(config)
        self._installation.install(
            adapter
            for adapter in known
            if (has_url_rules or not adapter.by_url) and (adapter.observes or adapter.name not in disabled)
        )

    def reload(self) -> None:
        """Read the configuration file again now: for a service's own handler of a signal, or its own endpoint."""
        with safety.guard("reload"):
            if self._pipeline is not None:
                self._pipeline.reload()

    def _uninstrument(self, **_kwargs: Any) -> None:
        with safety.guard("stop"):
            set_current_engine(None)
            if self._installation is not None:
                self._installation.close()
            if self._pipeline is not None:
                self._pipeline.close()
        self._installation = self._pipeline = None


def disabled_adapters() -> set[str]:
    """Return the names of the adapters that ``OTEL_PYTHON_DISABLED_INSTRUMENTATIONS`` names."""
    names = (name.strip() for name in os.environ.get(DISABLED, "").split(","))
    return {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}


def _has_url_rules(config: Any) -> bool:
    # Every process has an HTTP client, and most of them no model: only rules for addresses make it worth a look.
    if config is None and not os.environ.get(OTEL_MLMON_CONFIG, "").strip():
        return False
    from otel_mlmon.config.parameters import resolve  # noqa: PLC0415

    return resolve(config=config).configuration.has_url_rules


def _sdk_is_disabled() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
