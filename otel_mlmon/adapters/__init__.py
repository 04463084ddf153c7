"""The adapters of this package: data, one file a framework."""

from __future__ import annotations

from otel_mlmon.adapters import catboost, lightgbm, onnxruntime, persistence, sklearn, uvicorn, xgboost
from otel_mlmon.capture.adapter import Adapter

BUILT_IN: tuple[Adapter, ...] = (
    *persistence.ADAPTERS,
    uvicorn.ADAPTER,
    sklearn.ADAPTER,
    xgboost.ADAPTER,
    lightgbm.ADAPTER,
    catboost.ADAPTER,
    onnxruntime.ADAPTER,
)
"""In this order: those on which others build come first."""
