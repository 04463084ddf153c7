"""Collector, Prometheus and Alertmanager as the shipped configurations set them up, on free ports."""

from __future__ import annotations

from pathlib import Path

import yaml
from attrs import frozen

from examples.local_stack.alertmanager import Alertmanager
from examples.local_stack.backends import COLLECTOR_FOLDER, ROOT, Backends
from examples.local_stack.compressed import compressed, divided
from examples.local_stack.processes import Program, free_ports
from examples.local_stack.prometheus import Prometheus
from examples.local_stack.webhook import Webhook

PROMETHEUS_CONFIGURATION = COLLECTOR_FOLDER / "prometheus.yml"
GENERATED_FOLDER = ROOT / "examples" / "flight_delay" / "prometheus"
"""What ``otel-mlmon generate prometheus`` has written for the example."""

ROUTES = GENERATED_FOLDER / "alertmanager.yml"
"""For Alertmanager; it posts to the addresses in ``webhook_page.url`` and ``webhook_ticket.url`` beside it."""

RUNBOOK = GENERATED_FOLDER / "runbook" / "flight-delay.md"


@frozen
class Stack:
    """The back ends, and where services send their telemetry."""

    collector: Program
    prometheus: Program
    alertmanager: Program
    otlp: str
    ask: Prometheus
    notifier: Alertmanager
    webhook: Webhook

    @property
    def programs(self) -> tuple[Program, ...]:
        """Every program, in the order to start them."""
        return (self.alertmanager, self.prometheus, self.collector)


@frozen
class _Ports:
    otlp_grpc: int
    otlp_http: int
    health: int
    collector_metrics: int
    prometheus: int
    alertmanager: int


def build_stack(backends: Backends, folder: Path, webhook: Webhook) -> Stack:
    """Return the stack, not yet started; all that it writes goes into ``folder``."""
    ports = _Ports(*free_ports(6))
    return Stack(
        collector=_collector(backends, folder, ports),
        prometheus=_prometheus(backends, folder, ports),
        alertmanager=_alertmanager(backends, folder, ports, webhook),
        otlp=_at(ports.otlp_http),
        ask=Prometheus(_at(ports.prometheus)),
        notifier=Alertmanager(_at(ports.alertmanager)),
        webhook=webhook,
    )


def _collector(backends: Backends, folder: Path, ports: _Ports) -> Program:
    return Program(
        "collector",
        [backends.collector, "--config", COLLECTOR_FOLDER / "agent.yaml"],
        health=_at(ports.health),
        folder=folder,
        environment={
            "MLMON_OTLP_GRPC": f"127.0.0.1:{ports.otlp_grpc}",
            "MLMON_OTLP_HTTP": f"127.0.0.1:{ports.otlp_http}",
            "MLMON_HEALTH": f"127.0.0.1:{ports.health}",
            "MLMON_PROMETHEUS": f"{_at(ports.prometheus)}/api/v1/otlp",
            "MLMON_SELF_METRICS_PORT": str(ports.collector_metrics),
        },
    )


def shipped_rules() -> list[Path]:
    """Return the rules files that the shipped configuration of Prometheus names."""
    configuration = yaml.safe_load(PROMETHEUS_CONFIGURATION.read_text(encoding="utf-8"))
    return [COLLECTOR_FOLDER / name for name in configuration["rule_files"]]


def _prometheus(backends: Backends, folder: Path, ports: _Ports) -> Program:
    (folder / "rules").mkdir()
    configuration = PROMETHEUS_CONFIGURATION.read_text(encoding="utf-8")
    for shipped in shipped_rules():
        here = f"rules/{shipped.name}"
        (folder / here).write_text(compressed(shipped.read_text(encoding="utf-8")), encoding="utf-8")
        configuration = _replace(configuration, str(shipped.relative_to(COLLECTOR_FOLDER)), here)
    configuration = _replace(configuration, "127.0.0.1:9093", f"127.0.0.1:{ports.alertmanager}")
    configuration = _replace(configuration, "127.0.0.1:8888", f"127.0.0.1:{ports.collector_metrics}")
    (folder / "prometheus.yml").write_text(compressed(configuration), encoding="utf-8")
    return Program(
        "prometheus",
        [
            backends.prometheus,
            "--config.file=prometheus.yml",
            "--web.enable-otlp-receiver",
            f"--web.listen-address=127.0.0.1:{ports.prometheus}",
            "--storage.tsdb.path=prometheus-data",
            # Times that are flags, divided like those of the configuration: their defaults are 5m and 1m.
            f"--query.lookback-delta={divided('5m')}",
            f"--rules.alert.resend-delay={divided('1m')}",
        ],
        health=f"{_at(ports.prometheus)}/-/ready",
        folder=folder,
    )


def _alertmanager(backends: Backends, folder: Path, ports: _Ports, webhook: Webhook) -> Program:
    (folder / "alertmanager.yml").write_text(compressed(ROUTES.read_text(encoding="utf-8")), encoding="utf-8")
    for path in ("page", "ticket"):
        (folder / f"webhook_{path}.url").write_text(f"{webhook.address}/{path}\n", encoding="utf-8")
    return Program(
        "alertmanager",
        [
            backends.alertmanager,
            "--config.file=alertmanager.yml",
            f"--web.listen-address=127.0.0.1:{ports.alertmanager}",
            "--storage.path=alertmanager-data",
            "--cluster.listen-address=",
        ],
        health=f"{_at(ports.alertmanager)}/-/ready",
        folder=folder,
    )


def _at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _replace(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        message = f"{old} is not once in the configuration"
        raise ValueError(message)
    return text.replace(old, new)
