"""The generated Alertmanager configuration in the real program: one bug gives one page."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from attrs import frozen

from examples.local_stack.alertmanager import Alertmanager
from examples.local_stack.backends import Backends
from examples.local_stack.processes import Program, free_ports
from examples.local_stack.waiting import await_until
from otel_mlmon.backends.prometheus.alertmanager import alertmanager_file
from otel_mlmon.backends.prometheus.model_rules import alerts
from tests.model_subjects import classifier

pytestmark = pytest.mark.e2e

MODEL = "flight-delay"
KNOWN = {(alert.name, alert.severity.value): alert for alert in alerts(classifier())}
SECONDS = 20.0


@frozen
class Firing:
    """One alert as Prometheus sends it."""

    name: str
    severity: str
    model: str = MODEL
    window: str | None = None

    def labels(self, job: str) -> dict[str, str]:
        symptom = KNOWN[self.name, self.severity].symptom
        of_model = {"ml_model_name": self.model}
        windowed = {} if self.window is None else {"long_window": self.window}
        return {
            "alertname": self.name,
            "severity": self.severity,
            "symptom": symptom,
            "job": job,
            **of_model,
            **windowed,
        }


def page(name: str, **more: str) -> Firing:
    return Firing(name, "page", **more)


def ticket(name: str, **more: str) -> Firing:
    return Firing(name, "ticket", **more)


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alertmanager")
    for receiver in ("page", "ticket"):
        (folder / f"webhook_{receiver}.url").write_text("http://127.0.0.1:9/", encoding="utf-8")
    file = folder / "alertmanager.yml"
    file.write_text(alertmanager_file(), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def address(backends: Backends, configuration: Path) -> Iterator[str]:
    """Of a running Alertmanager with this configuration."""
    (port,) = free_ports(1)
    command = [
        backends.alertmanager,
        f"--config.file={configuration}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--storage.path=data",
        "--cluster.listen-address=",
    ]
    address = f"http://127.0.0.1:{port}"
    program = Program("alertmanager", command, f"{address}/-/ready", configuration.parent)
    program.start()
    yield address
    program.stop()


def held_back(address: str, job: str, firing: tuple[Firing, ...]) -> set[str]:
    """Send alerts and return the names of those that are inhibited, once all have arrived."""
    sent = [{"labels": each.labels(job)} for each in firing]
    httpx.post(f"{address}/api/v2/alerts", json=sent, trust_env=False).raise_for_status()
    await_until("all alerts arrive", lambda: len(_arrived(address, job)) == len(firing), SECONDS)
    return Alertmanager(address).inhibited(job)


def _arrived(address: str, job: str) -> list[object]:
    found: list[object] = httpx.get(
        f"{address}/api/v2/alerts", params={"filter": f'job="{job}"'}, trust_env=False
    ).json()
    return found


def test_amtool_accepts_the_file(backends: Backends, configuration: Path):
    answer = subprocess.run(
        [backends.amtool, "check-config", configuration], capture_output=True, text=True, check=False, timeout=60
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_bad_inputs_speak_for_the_answers_and_checks_that_follow_from_them(address: str):
    firing = (
        page("ModelInputProblems"),
        page("ModelOutputJump"),
        page("ModelClassJump"),
        page("ModelCheckFails"),
        ticket("ModelSegmentJump"),
        ticket("ModelOutputDrift"),
        ticket("ModelConfidenceDrop"),
        page("ModelBudgetBurn", window="1h"),
    )
    assert held_back(address, "unit-change", firing) == {each.name for each in firing} - {"ModelInputProblems"}


def test_the_model_as_a_whole_speaks_for_its_segments_classes_and_checks(address: str):
    firing = (
        page("ModelOutputJump"),
        page("ModelClassJump"),
        page("ModelCheckFails"),
        ticket("ModelSegmentJump"),
        ticket("ModelConfidenceDrop"),
    )
    assert held_back(address, "older-model", firing) == {each.name for each in firing} - {"ModelOutputJump"}


def test_a_model_that_nobody_calls_has_no_other_alert(address: str):
    firing = (
        page("ModelNoCalls"),
        page("ModelOutputStuck"),
        page("ModelCheckFails"),
        page("ModelErrors"),
        ticket("ModelTrafficDrop"),
        ticket("ModelSegmentSilent"),
        ticket("ModelLatencyJump"),
        ticket("ModelOutputDrift"),
    )
    assert held_back(address, "not-called", firing) == {each.name for each in firing} - {"ModelNoCalls"}


def test_failing_calls_speak_for_the_budget_and_for_the_answers_that_are_left(address: str):
    firing = (page("ModelErrors"), page("ModelOutputJump"), page("ModelBudgetBurn", window="1h"))
    assert held_back(address, "failing", firing) == {"ModelOutputJump", "ModelBudgetBurn"}


def test_a_budget_that_burns_fast_is_one_page(address: str):
    firing = (
        page("ModelBudgetBurn", window="1h"),
        page("ModelBudgetBurn", window="6h"),
        ticket("ModelBudgetBurn", window="1d"),
    )
    held_back(address, "burning", firing)
    answer = httpx.get(f"{address}/api/v2/alerts", params={"filter": 'job="burning"'}, trust_env=False).json()
    spoken = [each["labels"]["long_window"] for each in answer if not each["status"]["inhibitedBy"]]
    assert spoken == ["1h"]


def test_slow_calls_are_told_beside_answers_that_moved(address: str):
    firing = (page("ModelOutputJump"), ticket("ModelLatencyJump"), ticket("ModelVersionDiffers"))
    assert held_back(address, "two-bugs", firing) == set()


def test_another_model_is_not_held_back(address: str):
    firing = (page("ModelInputProblems"), page("ModelOutputJump", model="another"))
    assert held_back(address, "two-models", firing) == set()


def test_lost_telemetry_holds_back_tickets_about_traffic_and_no_page(address: str):
    firing = (
        ticket("ModelTelemetryLost"),
        ticket("ModelTrafficDrop"),
        ticket("ModelSegmentSilent"),
        page("ModelErrors"),
    )
    assert held_back(address, "blind", firing) == {"ModelTrafficDrop", "ModelSegmentSilent"}
    assert held_back(address, "blind-and-quiet", (ticket("ModelTelemetryLost"), page("ModelNoCalls"))) == set()


def test_what_a_silenced_alert_holds_back_stays_silent(backends: Backends, address: str):
    firing = (page("ModelInputProblems"), page("ModelOutputJump"))
    held_back(address, "repairing", firing)
    amtool = [
        backends.amtool,
        f"--alertmanager.url={address}",
        "silence",
        "add",
        "--duration=2h",
        "--comment=repairing",
    ]
    subprocess.run([*amtool, "alertname=ModelInputProblems", 'job="repairing"'], check=True, timeout=60)
    await_until("it is silenced", lambda: _silenced(address, "repairing") == {"ModelInputProblems"}, SECONDS)
    assert Alertmanager(address).inhibited("repairing") == {"ModelOutputJump"}


def _silenced(address: str, job: str) -> set[str]:
    answer = httpx.get(f"{address}/api/v2/alerts", params={"filter": f'job="{job}"'}, trust_env=False).json()
    return {each["labels"]["alertname"] for each in answer if each["status"]["silencedBy"]}
