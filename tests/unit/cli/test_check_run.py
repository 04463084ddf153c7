"""``otel-mlmon check --run`` starts a service as its users do, and says what arrives and what does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from threading import Event

import pytest

from otel_mlmon.cli.check import process
from otel_mlmon.cli.check.process import ServiceProcess, Setting
from otel_mlmon.cli.failure import Failure

SECONDS = "90"
"""Enough for a script that ends by itself, which ends the command."""

PREDICTS = """
import numpy as np
from sklearn.linear_model import LogisticRegression
import otel_mlmon

model = LogisticRegression().fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
for number in range(3):
    with otel_mlmon.segment(client="ios"):
        model.predict_proba(np.zeros((5, 2)))
"""

ONLY_TRAINS = """
import lightgbm, numpy as np

random = np.random.default_rng(1)
lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(random.random((60, 3)), np.arange(60) % 2)
"""

ALL_ARRIVES = """
models:
  - match: {class: LogisticRegression}
    name: delay
    segments: {columns: [0], code: [client], max_values: 2}
    inputs: [{column: 1, range: [0, 1]}]
    checks: [{name: extreme, rule: {above: 0.99}, usual: 0.05}]
"""

SOME_IS_MISSING = """
limits: {series: 100000}
models:
  - match: {class: LogisticRegression}
    name: delay
    segments: {columns: [origin], code: [device], baggage: [country]}
    inputs: [{column: carrier}]
    checks:
      - {name: rank, rule: {rank_of: {item: favourite}}}
      - {name: later, rule: {monotone: {input: 0}}}
      - {name: silent, call: "own_checks:silent"}
  - match: {path: "*/clicks-*"}
    name: clicks
"""


def command(*arguments: object) -> list[str]:
    return [str(Path(sys.executable).with_name("otel-mlmon")), "check", *map(str, arguments)]


def environment(**more: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    return {**clean, "COLUMNS": "160", **more}


@pytest.fixture
def check(tmp_path: Path):
    """Return a function that runs a script, with a configuration, in a folder of its own."""

    def run(script: str, configuration: str = "", run: str = "python -m service", **more: str):
        (tmp_path / "service.py").write_text(script)
        (tmp_path / "own_checks.py").write_text("def silent(answered):\n    return None\n")
        (tmp_path / "mlmon.yaml").write_text(configuration)
        arguments = command("--config", "mlmon.yaml", "--run", run, "--seconds", SECONDS)
        return subprocess.run(
            arguments, cwd=tmp_path, env=environment(**more), capture_output=True, text=True, timeout=150, check=False
        )

    return run


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line.removeprefix("✗ ") for line in done.stdout.splitlines() if line.startswith("✗ ")]


def test_all_that_is_configured_arrives(check) -> None:
    done = check(PREDICTS, ALL_ARRIVES)
    assert done.returncode == 0, done.stdout + done.stderr
    table = done.stdout[done.stdout.rindex("framework") :]
    for part in ("delay", "sklearn LogisticRegression", "predict_proba 3", "0: 0", "client: ios", "15 pass, 0 fail"):
        assert part in table
    assert table.split("\n")[1].split()[-2:] == ["3", "15"]


def test_what_is_configured_and_missing_is_named_with_its_reason(check) -> None:
    done = check(PREDICTS, SOME_IS_MISSING)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said(done) == [
        "models[1] fits no model that was called: path */clicks-*; called were delay (LogisticRegression of sklearn)",
        "delay: check 'rank' said nothing: no call had 'favourite', by otel_mlmon.context or in a column, or the "
        "results were not read",
        "delay: check 'silent' said nothing: own_checks:silent returned None for every call, or raised",
        "delay: segment 'origin' was missing in every call: the inputs have no such column",
        "delay: segment 'country' was missing in every call: no call had it in its baggage",
        "delay: segment 'device' was missing in every call: no otel_mlmon.segment said it",
        "delay: input 'carrier' was missing in every call: its inputs have no such column",
    ]


def test_a_service_that_only_trains_is_told_so(check) -> None:
    done = check(ONLY_TRAINS)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = said(done)
    assert line.startswith("no prediction seen in ")
    assert f"lightgbm {version('lightgbm')}" in line
    assert line.endswith("are imported, but only LGBMClassifier.fit was called, which trains")


def test_a_service_that_imports_no_framework_is_told_so(check) -> None:
    (line,) = said(check("print('hello')\nraise SystemExit"))
    assert line.endswith(
        "no supported framework was imported; otel-mlmon check lists them, and otel_mlmon.monitor is for own code"
    )


def test_a_framework_that_is_imported_and_not_called_is_named(check) -> None:
    (line,) = said(check("import xgboost"))
    assert f"xgboost {version('xgboost-cpu')}" in line
    assert line.endswith("imported, but nothing of it that is observed was called")


@pytest.mark.parametrize(
    ("run", "more", "reason"),
    [
        ("true", {}, "no Python process of the command has otel-mlmon; is it installed where the service is?"),
        ("python -m service", {"OTEL_SDK_DISABLED": "true"}, "OTEL_SDK_DISABLED is true"),
        ("python -m service", {"OTEL_MLMON_ENABLED": "false"}, "'enabled' is false"),
    ],
)
def test_a_service_that_is_not_instrumented_is_told_why(check, run: str, more: dict[str, str], reason: str) -> None:
    done = check(PREDICTS, run=run, **more)
    assert done.returncode == 2
    (line,) = said(done)
    assert line.endswith(f" s: {reason}")


def test_a_service_that_breaks_shows_its_last_words(check) -> None:
    done = check(PREDICTS + "raise ValueError('no more flights')", ALL_ARRIVES)
    assert done.returncode == 2
    assert said(done) == ["the command ended with exit code 1"]
    assert done.stdout.rstrip().endswith("ValueError: no more flights")


def test_a_wrong_configuration_is_named_and_nothing_is_run(check, tmp_path: Path) -> None:
    done = check("open('was_run', 'w')", ALL_ARRIVES.replace("usual: 0.05", "usual: 5"))
    assert done.returncode == 1
    assert "mlmon.yaml:7:51: wrong value for models[0].checks[0].usual: 5 should be a share" in done.stderr
    assert not (tmp_path / "was_run").exists()


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("no-such-command", "otel-mlmon: --run: there is no command 'no-such-command'"),
        ("python 'x", "otel-mlmon: --run cannot be read as a command: No closing quotation: python 'x"),
        (" ", "otel-mlmon: --run needs the command that starts the service: --run 'python -m service'"),
    ],
)
def test_a_command_that_is_none_is_named(check, run: str, message: str) -> None:
    done = check("", run=run)
    assert (done.returncode, done.stderr.strip()) == (1, message)


FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"],
                         stdout=subprocess.PIPE)
child.stdout.readline()
with open("pids.new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename("pids.new", "pids")
time.sleep(600)
"""


def processes_of(folder: Path) -> list[int]:
    deadline = time.monotonic() + 60
    while not (folder / "pids").exists() and time.monotonic() < deadline:
        Event().wait(0.05)
    return [int(pid) for pid in (folder / "pids").read_text().split()]


def is_there(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    # One that nobody has waited for yet has ended, too.
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_the_service_ends_with_the_command_when_that_is_terminated(tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text(FAMILY)
    arguments = command("--run", "python -m service", "--seconds", "600")
    with subprocess.Popen(arguments, cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL) as checking:
        try:
            pids = processes_of(tmp_path)
            assert [is_there(pid) for pid in pids] == [True, True]
            checking.send_signal(signal.SIGTERM)
            assert checking.wait(60) == 128 + signal.SIGTERM
        finally:
            checking.kill()
    assert [is_there(pid) for pid in pids] == [False, False]


STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FAMILY


@pytest.fixture
def setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Setting:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "service.py").write_text(STUBBORN)
    return Setting("python -m service", None, "http://127.0.0.1:9", tmp_path / "witness", tmp_path / "log")


def test_a_service_that_ignores_the_first_signal_is_killed_with_its_children(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STOP_SECONDS", 0.5)
    with ServiceProcess(setting) as service:
        pids = processes_of(tmp_path)
        assert service.exit_code is None
    assert [is_there(pid) for pid in pids] == [False, False]
    assert service.exit_code == -signal.SIGKILL


def test_without_the_distribution_that_exports_nothing_is_run(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "entry_points", lambda group: ())
    with pytest.raises(Failure, match="pip install opentelemetry-distro"), ServiceProcess(setting):
        pass
