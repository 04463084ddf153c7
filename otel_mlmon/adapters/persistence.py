"""joblib, pickle and their like: no models of their own, but the files that these were loaded from name models."""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Loader

ADAPTER = Adapter(
    name="persistence",
    distribution="joblib",
    loaders=tuple(map(Loader, ("joblib:load", "pickle:load", "cloudpickle:load", "skops.io:load"))),
)
