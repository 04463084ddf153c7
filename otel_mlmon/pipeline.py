"""The whole of the wiring, from a model's call to the SDK.

The instrumentor imports this when the first framework is imported: a process without a model does not pay for numpy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

from otel_mlmon import safety, semconv
from otel_mlmon.capture.adapter import Adapter
from otel_mlmon.capture.call import Engine
from otel_mlmon.capture.models import LiveModels
from otel_mlmon.capture.witness import Witness
from otel_mlmon.config.parameters import path_of, resolve
from otel_mlmon.config.watched_file import WatchedFile
from otel_mlmon.emit.telemetry import Telemetry


class Pipeline:
    """What calls go through while a process is instrumented.

    Parameters
    ----------
    known_adapters
        Names that the configuration may use.
    config, enabled, spans, meter_provider, tracer_provider
        As :class:`otel_mlmon.instrumentor.ModelInstrumentor` takes them.
    witness
        Is told of the models; None where nobody asks.
    """

    def __init__(
        self,
        *,
        known_adapters: Collection[str] = (),
        config: Any = None,
        enabled: bool | None = None,
        spans: Any = None,
        meter_provider: Any = None,
        tracer_provider: Any = None,
        witness: Witness | None = None,
    ) -> None:
        self._resolve = partial(resolve, config=config, enabled=enabled, spans=spans)
        self._file = WatchedFile(path_of(config))
        loaded = self._resolve()
        for problem in loaded.problems:
            safety.logger.warning("otel-mlmon: %s", problem)
        self._configuration = configuration = loaded.configuration.without_alerts()
        self._models = models = LiveModels(configuration, witness)
        self._telemetry = Telemetry(self._infos, meter_provider, tracer_provider, configuration.own_time)
        safety.set_error_listener(self._telemetry.error)
        self.enabled = configuration.enabled
        self._adapters = configuration.adapters
        for name in (*self._adapters.only, *self._adapters.without):
            if name not in known_adapters:
                known = ", ".join(sorted(known_adapters))
                safety.logger.warning("otel-mlmon: there is no adapter '%s'; known are %s", name, known)
        record_own_time = partial(self._telemetry.own_time, semconv.STAGE_CALL) if configuration.own_time else None
        self.engine = Engine(models, self._telemetry, configuration.spans, record_own_time)

    def _infos(self) -> Iterable[Mapping[str, str]]:
        infos = self._models.infos()
        # A collection is when what waited has been handed on, and no call pays for a look at the file.
        if self._configuration.reload:
            with safety.guard("reload"):
                if self._file.has_changed():
                    self.reload()
        return infos

    def reload(self) -> None:
        """Read the configuration again; one with a problem is named, and that of before stays in force."""
        loaded = self._resolve()
        if loaded.problems:
            first, *others = loaded.problems
            more = f" (and {len(others)} more)" if others else ""
            safety.logger.warning("otel-mlmon: %s%s; the configuration of before stays in force", first, more)
        elif (configuration := loaded.configuration.without_alerts()) != self._configuration:
            self._configuration = configuration
            self.engine.reconfigure(configuration)
            safety.logger.info("otel-mlmon: the configuration was read again, and holds from each model's next call on")

    def applies(self, adapter: Adapter) -> bool:
        """Tell whether an adapter is to be applied."""
        return adapter.is_allowed(self._adapters)

    def flush(self) -> None:
        """Hand on to the SDK what is held back."""
        self._telemetry.flush()

    def close(self) -> None:
        """Hand on what is held back, and report nothing more."""
        self.engine.close()
        self._telemetry.close()
        safety.set_error_listener(None)
