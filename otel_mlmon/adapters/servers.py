"""Processes that have exit handlers and end without them: no models here, but what was answered is exported."""

from __future__ import annotations

from otel_mlmon.capture.adapter import Adapter, Exit

MULTIPROCESSING = Adapter(
    name="multiprocessing",
    # A forked child ends by os._exit(); pools, and servers with processes for their models, end theirs by SIGTERM.
    exits=(Exit("multiprocessing.process:BaseProcess._bootstrap", terminated=True),),
)

UVICORN = Adapter(
    name="uvicorn",
    distributions=("uvicorn",),
    oldest="0.29",
    # It ends by raising SIGTERM again.
    exits=(Exit("uvicorn.server:Server.shutdown"),),
)

WERKZEUG = Adapter(
    name="werkzeug",
    distributions=("Werkzeug",),
    oldest="3.1",
    # The server of "flask run" knows Control-C only.
    exits=(Exit("werkzeug.serving:BaseWSGIServer.serve_forever", terminated=True),),
)

RAY_SERVE = Adapter(
    name="ray_serve",
    distributions=("ray",),
    oldest="2.60",
    # The controller kills a replica once this has returned.
    exits=(Exit("ray.serve._private.replica:Replica.perform_graceful_shutdown"),),
)

ADAPTERS = (MULTIPROCESSING, UVICORN, WERKZEUG, RAY_SERVE)
