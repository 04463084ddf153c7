"""Processes that end without their exit handlers: forked children, and those that a signal ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from otel_mlmon.cli.receiver import Receiver
from tests.servers.arrived import Arrived
from tests.servers.asked import Iris, check_probabilities, make_iris
from tests.servers.server import environment_of

PREDICT = """
import joblib, multiprocessing, os, signal, sys, time
import numpy as np

def predict(batch):
    model = joblib.load("iris.joblib")
    return model.predict_proba(np.asarray(batch)).tolist()

def predict_all(batches):
    for batch in batches:
        predict(batch)
"""

POOL = """
if __name__ == "__main__":
    from batches import BATCHES
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        pool.map(predict, BATCHES, chunksize=1)
"""

CHILD = """
if __name__ == "__main__":
    from batches import BATCHES
    context = multiprocessing.get_context(sys.argv[1])
    children = [context.Process(target=predict_all, args=(BATCHES[start::2],)) for start in (0, 1)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
"""

TERMINATED = """
def predict_and_wait(batches, done):
    predict_all(batches)
    done.set()
    time.sleep(60)

if __name__ == "__main__":
    from batches import BATCHES
    context = multiprocessing.get_context(sys.argv[1])
    done = context.Event()
    child = context.Process(target=predict_and_wait, args=(BATCHES, done))
    child.start()
    done.wait()
    child.terminate()
    child.join()
    assert child.exitcode == -signal.SIGTERM
"""

SCRIPTS = {"ends itself": CHILD, "is terminated": TERMINATED, "is in a pool": POOL}


@pytest.fixture
def iris(tmp_path: Path) -> Iris:
    return make_iris(tmp_path)


def run(folder: Path, iris: Iris, script: str, method: str, **variables: str) -> Arrived:
    arrived = Arrived()
    (folder / "batches.py").write_text(f"BATCHES = {iris.batches()!r}\n")
    (folder / "script.py").write_text(PREDICT + script)
    with Receiver(arrived.metrics) as receiver:
        done = subprocess.run(
            [Path(sys.executable).with_name("opentelemetry-instrument"), sys.executable, "script.py", method],
            cwd=folder,
            env=environment_of(receiver.endpoint, folder, OTEL_TRACES_EXPORTER="none", **variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return arrived


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_child_process_reports_what_it_answered(tmp_path: Path, iris: Iris, script: str, method: str) -> None:
    arrived = run(tmp_path, iris, SCRIPTS[script], method)
    check_probabilities(arrived, [iris.probabilities(batch) for batch in iris.batches()])


def test_switched_off_it_leaves_the_end_of_child_processes_alone(tmp_path: Path, iris: Iris) -> None:
    variables = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "otel_mlmon_multiprocessing"}
    assert run(tmp_path, iris, TERMINATED, "fork", **variables).calls() == 0


OWN_HANDLER = """
if __name__ == "__main__":
    from batches import BATCHES

    def child():
        signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
        predict(BATCHES[0])
        signal.raise_signal(signal.SIGTERM)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == 7
"""


def test_a_handler_of_the_services_own_is_left_alone(tmp_path: Path, iris: Iris) -> None:
    run(tmp_path, iris, OWN_HANDLER, "fork")


DEAD_BACK_END = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


def test_a_dead_back_end_puts_the_end_off_by_a_few_seconds_at_most(tmp_path: Path, iris: Iris) -> None:
    timed = TERMINATED.replace("child.terminate()", "before = time.monotonic(); child.terminate()")
    run(tmp_path, iris, timed + "    assert time.monotonic() - before < 15\n", "fork", **DEAD_BACK_END)
