"""The example service as it runs in production: gunicorn, two workers, started by ``opentelemetry-instrument``."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from attrs import frozen

from examples.flight_delay.train import MODEL_FILE
from examples.local_stack.backends import ROOT
from examples.local_stack.failure import StackError
from examples.local_stack.processes import Program, free_ports
from examples.local_stack.waiting import await_until

WORKERS = 2
EXPORT_MILLISECONDS = 1000
TRAINING_SECONDS = 120
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Where processes share the processors, the spinning threads of OpenMP make scikit-learn's trees 20 times slower."""

WORKER_READY = re.compile(r"\[(\d+)\] \[INFO\] Application startup complete")


@frozen
class Service:
    """A running service; ``name`` is its OTEL_SERVICE_NAME and therefore its ``job`` in Prometheus."""

    name: str
    address: str
    program: Program

    def worker_pids(self) -> list[int]:
        """Return the process ids of all workers that were ever ready to answer, the newest last."""
        return [int(pid) for pid in WORKER_READY.findall(self.program.log())]

    def replace_worker(self) -> None:
        """Send SIGTERM to the oldest worker, and return when another is ready in its place."""
        before = self.worker_pids()
        os.kill(before[0], signal.SIGTERM)
        await_until("another worker is ready", lambda: len(self.worker_pids()) > len(before), within=20)


def train_model(folder: Path) -> Path:
    """Train the example's model in a process of its own, and return its file; the baseline lies beside it."""
    command = [sys.executable, "-m", "examples.flight_delay.train", "--out", str(folder)]
    environment = {**os.environ, **ONE_THREAD}
    trained = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, timeout=TRAINING_SECONDS, stdout=subprocess.DEVNULL
    )
    if trained.returncode != 0:
        message = "the example's model cannot be trained; why stands above"
        raise StackError(message)
    return folder / MODEL_FILE


def build_service(name: str, model: Path, otlp: str, folder: Path) -> Service:
    """Return the service, not yet started."""
    (port,) = free_ports(1)
    scripts = Path(sys.executable).parent
    command: list[str | Path] = [
        *(scripts / "opentelemetry-instrument", "gunicorn", "examples.flight_delay.service:app"),
        *("--workers", str(WORKERS), "--worker-class", "uvicorn_worker.UvicornWorker"),
        *("--bind", f"127.0.0.1:{port}", "--graceful-timeout", "10"),
    ]
    environment = {
        "HOME": str(folder),  # gunicorn puts its control socket there
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        **ONE_THREAD,
        "MODEL_PATH": str(model),
        "OTEL_SERVICE_NAME": name,
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRIC_EXPORT_INTERVAL": str(EXPORT_MILLISECONDS),
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_MLMON_CONFIG": str(ROOT / "examples" / "flight_delay" / "mlmon.yaml"),
    }
    address = f"http://127.0.0.1:{port}"
    return Service(name, address, Program(name, command, f"{address}/healthz", folder, environment))
