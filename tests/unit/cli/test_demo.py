"""The demo as its user runs it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from datetime import datetime

import attrs
import pytest
from rich.console import Console

from otel_mlmon.cli.demo.assets import EXAMPLES
from otel_mlmon.cli.demo.closing import closing
from otel_mlmon.cli.demo.overhead import Overhead
from otel_mlmon.cli.demo.plain import PlainDisplay
from otel_mlmon.cli.demo.report import report
from otel_mlmon.cli.demo.run import run
from otel_mlmon.cli.demo.screen import picture
from otel_mlmon.cli.demo.service import Service, Setting, free_port
from otel_mlmon.cli.demo.story import STORIES, Incident, Phase
from otel_mlmon.cli.failure import Failure

SHORT = attrs.evolve(
    STORIES[Incident.STUCK_MODEL],
    starts=datetime(2013, 8, 7, 6),
    breaks=datetime(2013, 8, 7, 10),
    reaction_hours=1,
    after_hours=3,
)
"""Restarts the service twice, so that three processes count."""


@pytest.fixture(scope="module")
def told():
    lines: list[str] = []
    outcome = run(SHORT, PlainDisplay(lines.append), seconds=0)
    return outcome, lines


def test_every_answered_flight_is_counted_over_restarts(told):
    outcome, _ = told
    sent = sum(hour.traffic.rows for hour in outcome.journal.hours)
    counted = sum(hour.answers.overall.rows for hour in outcome.journal.hours)
    assert sent == counted
    assert sum(hour.traffic.failures for hour in outcome.journal.hours) == 0
    assert [phase for phase in Phase if outcome.journal.phase(phase) is None] == []


def test_the_alarm_comes_with_the_incident_and_not_without_it(told):
    outcome, lines = told
    alarmed = [hour.phase for hour in outcome.journal.hours if any(reading.alarm for reading in hour.readings)]
    assert set(alarmed) == {Phase.INCIDENT}
    assert outcome.course.minutes_to_alarm == 120
    assert sum("ALARM" in line for line in lines) == 1


def test_the_instrumentation_is_measured_against_the_same_call_without_it(told):
    outcome, _ = told
    assert isinstance(outcome.overhead, Overhead)
    assert 0 < outcome.overhead.added < outcome.overhead.bare


def test_the_report_is_one_file_that_needs_no_other(told):
    outcome, _ = told
    document = report(outcome)
    assert "Seen after 120 replayed minutes" in document
    assert document.count("<svg") == 2
    addresses = set(re.findall(r"https?://[^\"' )<]+", document))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.findall(r"<(?:link|script|img)\b", document)


def test_the_picture_shows_the_incident(told):
    outcome, _ = told
    drawing = picture(outcome.moment)
    assert "ALARM" in drawing
    assert "font-face" not in drawing


def test_the_closing_words_say_what_to_do_first(told):
    outcome, _ = told
    console = Console(width=100)
    with console.capture() as words:
        console.print(closing(outcome))
    assert SHORT.advice[0] in words.get()


def demo(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    program = f"import sys\n{code}\nfrom otel_mlmon.cli.main import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", program, "demo", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(("module", "extra"), [("typer", "cli"), ("matplotlib", "demo"), ("sklearn", "demo")])
def test_a_missing_extra_is_named_in_one_line(module, extra):
    done = demo(code=f"sys.modules['{module}'] = None")
    assert done.returncode == 1
    assert done.stderr.strip() == f"otel-mlmon: {module} is not installed: pip install 'otel-mlmon[{extra}]'"


def test_a_port_that_is_taken_is_said_before_anything_is_trained():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = demo("--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"otel-mlmon: port {port} is taken")


def test_a_report_into_no_folder_is_said_before_anything_is_trained(tmp_path):
    done = demo("--report", str(tmp_path / "absent" / "report.html"))
    assert done.returncode == 1
    assert "there is no folder" in done.stderr


def test_a_service_that_cannot_start_says_its_last_words(tmp_path):
    setting = Setting(
        root=EXAMPLES,
        model=tmp_path / "absent.joblib",
        otlp_endpoint="http://127.0.0.1:9",
        port=free_port(),
        log=tmp_path / "service.log",
        instance="one",
    )
    with pytest.raises(Failure, match=r"ended with exit code \d+\n[\s\S]*absent.joblib"), Service(setting):
        pass
