"""Adapters that other packages bring, by entry points."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.util._importlib_metadata import entry_points

from otel_mlmon import safety
from otel_mlmon.capture.adapter import Adapter

GROUP = "otel_mlmon_adapter"


def with_plugins(built_in: Iterable[Adapter]) -> list[Adapter]:
    """Return the adapters of this package and those of others; one of the same name takes the place of ours."""
    adapters = {adapter.name: adapter for adapter in built_in}
    for entry_point in entry_points(group=GROUP):
        with safety.guard("plugin"):
            adapter = entry_point.load()
            if not isinstance(adapter, Adapter):
                message = f"entry point '{entry_point.name}' of group {GROUP} is no otel_mlmon.adapter.Adapter"
                raise TypeError(message)
            adapters[adapter.name] = adapter
    return list(adapters.values())
