"""The demo's service under load, with monitoring and without: two processes, asked by wrk."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from attrs import frozen

from bench.results import Figure, Result

CASE = "the demo's service, 2 processes, under wrk"
ROUNDS, SECONDS, CONNECTIONS = 20, 2, 8
MODEL = Path("build/flight-delay/flight-delay.joblib")
FLIGHT = {"origin": "JFK", "dep_delay": 12, "distance": 760, "hour": 17, "month": 7, "temp": 81, "visib": 10}
REQUEST = f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{json.dumps(FLIGHT)}'
"""

WITHOUT = {"OTEL_MLMON_ENABLED": "false"}
BASE = "opentelemetry-instrument, otel_mlmon switched off"
CONFIGURATIONS: dict[str, dict[str, str]] = {
    BASE: WITHOUT,
    "the same again": WITHOUT,
    "otel_mlmon, metrics": {"OTEL_MLMON_SPANS": "off"},
    "otel_mlmon, metrics and spans": {"OTEL_MLMON_SPANS": "child"},
    "no OpenTelemetry at all": {},
}


@frozen
class Load:
    """What wrk measured, and what the system did of the service."""

    requests_a_second: float
    p99_milliseconds: float
    processor_milliseconds: float
    """Of the service's processes, a request."""


@frozen
class Service:
    """A server that answers."""

    address: str
    process: int

    def processor_seconds(self) -> float:
        """Return what its workers have used so far."""
        workers = Path(f"/proc/{self.process}/task/{self.process}/children").read_text(encoding="ascii").split()
        ticks = 0
        for worker in workers:
            fields = Path(f"/proc/{worker}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def under_load() -> Result:
    """Ask services that run side by side, each in turn; the median of the ratios to the first."""
    require_wrk()
    if not MODEL.exists():
        subprocess.run([sys.executable, "-m", "examples.flight_delay.train", "--out", str(MODEL.parent)], check=True)
    loads: dict[str, list[Load]] = {name: [] for name in CONFIGURATIONS}
    with ExitStack() as running:
        services = {name: running.enter_context(_service(each)) for name, each in CONFIGURATIONS.items()}
        for service in services.values():
            _load(service, SECONDS)
        for _ in range(ROUNDS):
            for name, service in services.items():
                loads[name].append(_load(service, SECONDS))
    figures = [Figure(f"{BASE}: requests a second", median(load.requests_a_second for load in loads[BASE]))]
    for name in CONFIGURATIONS:
        if name != BASE:
            pairs = list(zip(loads[name], loads[BASE], strict=True))
            throughput = median(ours.requests_a_second / base.requests_a_second for ours, base in pairs)
            p99 = median(ours.p99_milliseconds / base.p99_milliseconds for ours, base in pairs)
            processor = median(ours.processor_milliseconds / base.processor_milliseconds for ours, base in pairs)
            figures.append(Figure(f"{name}: % of the throughput", 100 * throughput))
            figures.append(Figure(f"{name}: % of the p99", 100 * p99))
            figures.append(Figure(f"{name}: % of the processor time", 100 * processor))
    return Result(CASE, "", tuple(figures))


def require_wrk() -> None:
    """Stop where the load generator is missing."""
    if shutil.which("wrk") is None:
        sys.exit("make bench needs wrk, the load generator: apt-get install wrk")


@contextmanager
def _service(environment: dict[str, str]) -> Iterator[Service]:
    scripts = Path(sys.executable).parent
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["gunicorn", "examples.flight_delay.service:app", "--workers=2", f"--bind=127.0.0.1:{port}"]
    command += ["--worker-class=uvicorn_worker.UvicornWorker", "--no-control-socket"]
    settings = {
        "OTEL_METRICS_EXPORTER": "console",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_MLMON_CONFIG": "examples/flight_delay/mlmon.yaml",
        **environment,
    }
    server = subprocess.Popen(
        [scripts / "opentelemetry-instrument", *command] if environment else [scripts / command[0], *command[1:]],
        env={
            **os.environ,
            "PATH": f"{scripts}:{os.environ['PATH']}",
            "MODEL_PATH": str(MODEL),
            "OMP_NUM_THREADS": "1",
            **settings,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(f"http://127.0.0.1:{port}/healthz", server)
        yield Service(f"http://127.0.0.1:{port}/predict", server.pid)
    finally:
        server.terminate()
        server.wait()


def _await(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            sys.exit("the demo's service did not start")
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return


def _load(service: Service, seconds: int) -> Load:
    script = Path("build/request.lua")
    script.write_text(REQUEST, encoding="utf-8")
    before = service.processor_seconds()
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), service.address],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    used = service.processor_seconds() - before
    if "Non-2xx" in done.stdout:
        sys.exit(f"the demo's service refuses the request:\n{done.stdout}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    count = re.search(r"(\d+) requests in", done.stdout)
    if rate is None or p99 is None or count is None:
        sys.exit(f"wrk prints something new:\n{done.stdout}")
    latency = float(p99[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[p99[2]]
    return Load(float(rate[1]), latency, used * 1e3 / int(count[1]))
