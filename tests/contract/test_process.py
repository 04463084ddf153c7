"""Whole processes: started by ``opentelemetry-instrument``, without an SDK, without a framework."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

PREDICT = """
import joblib, numpy as np
model = joblib.load({path!r})
model.predict_proba(np.zeros((3, 4)))
model.predict_proba(np.zeros((1, 4)))
"""


@pytest.fixture
def model_file(tmp_path: Path, table: object) -> Path:
    import joblib
    from sklearn.linear_model import LogisticRegression

    path = tmp_path / "delay.joblib"
    joblib.dump(LogisticRegression().fit(table.inputs, table.label), path)
    return path


CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
EXPORTERS = {"OTEL_METRICS_EXPORTER": "console", "OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        arguments, env={**CLEAN, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def instrumented(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("opentelemetry-instrument")
    return run(str(script), sys.executable, "-c", code, **{**EXPORTERS, **environment})


def metrics_of(output: str) -> dict[str, list[dict[str, object]]]:
    """Return data points by metric from what the console exporter printed last."""
    start = output.rindex('{\n    "resource_metrics"')
    data, _ = json.JSONDecoder().raw_decode(output[start:])
    return {
        metric["name"]: metric["data"]["data_points"]
        for scope in data["resource_metrics"][0]["scope_metrics"]
        for metric in scope["metrics"]
    }


def test_an_unmodified_script_reports_at_its_exit(model_file: Path) -> None:
    found = metrics_of(instrumented(PREDICT.format(path=str(model_file))).stdout)
    (duration,) = found["ml.prediction.duration"]
    assert duration["attributes"]["ml.model.name"] == "delay"
    assert duration["count"] == 2
    assert sum(point["count"] for point in found["ml.prediction.value"]) == 4


def test_a_configuration_file_names_the_model_and_its_mistakes_are_logged(model_file: Path, tmp_path: Path) -> None:
    config = tmp_path / "mlmon.yaml"
    config.write_text("models:\n  - match: {path: '*/delay*'}\n    name: flight-delay\n    segmnts: {}\n")
    done = instrumented(PREDICT.format(path=str(model_file)), OTEL_MLMON_CONFIG=str(config))
    (duration,) = metrics_of(done.stdout)["ml.prediction.duration"]
    assert duration["attributes"]["ml.model.name"] == "flight-delay"
    assert done.stderr.count(f"{config}:4:5: unknown key 'segmnts' in models[0]; did you mean 'segments'?") == 1


@pytest.mark.parametrize("variable", ["OTEL_MLMON_ENABLED", "OTEL_SDK_DISABLED"])
def test_switched_off_it_touches_no_framework(variable: str, model_file: Path) -> None:
    value = "false" if variable == "OTEL_MLMON_ENABLED" else "true"
    code = PREDICT.format(path=str(model_file)) + "print(hasattr(type(model).predict_proba, '__wrapped__'))"
    assert "False" in instrumented(code, **{variable: value}).stdout


def test_a_dead_back_end_leaves_the_answers_alone(model_file: Path) -> None:
    code = PREDICT.format(path=str(model_file)) + "print(model.predict_proba(np.zeros((1, 4))).shape)"
    done = instrumented(
        code,
        OTEL_METRICS_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )
    assert "(1, 2)" in done.stdout


def test_a_process_without_a_framework_imports_none() -> None:
    code = """
import sys
import json, pickle, requests, subprocess, urllib.request
heavy = {'sklearn', 'pandas', 'scipy', 'joblib', 'torch', 'xgboost', 'rich', 'typer', 'numpy', 'otel_mlmon.pipeline'}
print(sorted(heavy & set(sys.modules)), 'otel_mlmon.instrumentor' in sys.modules)
"""
    assert "[] True" in instrumented(code).stdout


def test_importing_the_package_imports_no_framework_and_no_sdk() -> None:
    code = """
import sys, otel_mlmon
print(sorted(name for name in sys.modules if name in ('sklearn', 'pandas', 'scipy', 'opentelemetry.sdk', 'cattrs')))
"""
    assert run(sys.executable, "-c", code).stdout.strip() == "[]"


WITHOUT_SDK = """
from otel_mlmon.instrumentor import ModelInstrumentor
ModelInstrumentor().instrument()
{predict}
print(model.predict_proba(np.zeros((1, 4))).shape)
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))
model.predict_proba(np.zeros((5, 4)))
scopes = reader.get_metrics_data().resource_metrics[0].scope_metrics
points = {{m.name: m.data.data_points for s in scopes for m in s.metrics}}
print(points['ml.prediction.value'][0].count, len(points['ml.prediction.value'][0].explicit_bounds))
"""


def test_without_an_sdk_it_answers_and_counts_from_the_moment_that_one_is_set(model_file: Path) -> None:
    done = run(sys.executable, "-c", WITHOUT_SDK.format(predict=PREDICT.format(path=str(model_file))))
    assert done.stdout.split("\n")[:2] == ["(1, 2)", "5 23"]
    assert done.stderr == ""


def test_instrumented_after_the_framework_was_imported_it_counts_too(model_file: Path) -> None:
    code = "import sklearn.linear_model, sklearn.ensemble, joblib\n" + WITHOUT_SDK
    done = run(sys.executable, "-c", code.format(predict=PREDICT.format(path=str(model_file))))
    assert done.stdout.split("\n")[:2] == ["(1, 2)", "5 23"]


SERVICE = """
import joblib, numpy as np
model = joblib.load({path!r})

async def app(scope, receive, send):
    answer = model.predict_proba(np.zeros((1, 4)))
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": str(answer.shape).encode()}})
"""


def test_a_server_that_is_terminated_reports_what_it_answered(model_file: Path, tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text(SERVICE.format(path=str(model_file)))
    with socket.socket() as listening, (tmp_path / "output").open("w+") as output:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = ["opentelemetry-instrument", "uvicorn", "--lifespan=off", f"--fd={listening.fileno()}", "service:app"]
        server = subprocess.Popen(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=tmp_path,
            env={**CLEAN, "PATH": str(Path(sys.executable).parent), **EXPORTERS},
            pass_fds=[listening.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in range(3):
                # The socket listens already: the request waits for the server to come up.
                with urllib.request.urlopen(address, timeout=30) as response:
                    assert response.read() == b"(1, 2)"
            server.terminate()
            server.wait(timeout=30)
        finally:
            server.kill()
            server.wait()
        output.seek(0)
        (duration,) = metrics_of(output.read())["ml.prediction.duration"]
    assert duration["count"] == 3


def test_the_entry_points_are_found() -> None:
    from importlib.metadata import entry_points

    (instrumentor,) = (e for e in entry_points(group="opentelemetry_instrumentor") if e.name == "otel_mlmon")
    assert instrumentor.load().__name__ == "ModelInstrumentor"
    (variables,) = (e for e in entry_points(group="opentelemetry_environment_variables") if e.name == "otel_mlmon")
    assert variables.load().OTEL_MLMON_CONFIG == "OTEL_MLMON_CONFIG"
