"""joblib and pickle: no models of their own, but the files that models are loaded from give them their names."""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Loader

ADAPTER = Adapter(
    name="persistence",
    distribution="joblib",
    loaders=(Loader("joblib:load"), Loader("pickle:load")),
)
