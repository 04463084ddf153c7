"""joblib, pickle and their like: no models of their own, but the files that these were loaded from name models."""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Loader

PICKLES = (".pkl", ".pickle")

ADAPTERS = (
    Adapter(name="pickle", late=True, loaders=(Loader("pickle:load", suffixes=PICKLES),)),
    Adapter(
        name="joblib", distributions=("joblib",), oldest="1.3", loaders=(Loader("joblib:load", suffixes=(".joblib",)),)
    ),
    Adapter(
        name="cloudpickle",
        distributions=("cloudpickle",),
        oldest="3.0",
        loaders=(Loader("cloudpickle:load", suffixes=PICKLES),),
    ),
    Adapter(
        name="skops", distributions=("skops",), oldest="0.10", loaders=(Loader("skops.io:load", suffixes=(".skops",)),)
    ),
)
