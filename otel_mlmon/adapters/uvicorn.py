"""uvicorn (0.29 and later): no models, but it ends by raising SIGTERM again, which skips the SDK's exit handlers."""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Exit

ADAPTER = Adapter(
    name="uvicorn",
    distributions=("uvicorn",),
    oldest="0.29",
    exits=(Exit("uvicorn.server:Server.shutdown"),),
)
