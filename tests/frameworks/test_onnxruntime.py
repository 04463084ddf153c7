"""ONNX Runtime: exported classifiers and regressors, however they are asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.datasets import make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.frameworks.contract import ONLY, Case, FrameworkContract, Recorded, of_labels, of_scores, of_two

INPUTS, LABEL = make_classification(40, 4, random_state=1)
INPUTS = INPUTS.astype(np.float32)
FEED = {"X": INPUTS[:7]}
WRONG = {"X": INPUTS[:7, :2]}

Session = onnxruntime.InferenceSession


def exported(**options: Any) -> Any:
    model = LogisticRegression().fit(INPUTS, LABEL)
    return to_onnx(model, INPUTS[:1], name="clicks", options={id(model): options} if options else None)


def of_file(make: Callable[[], Any]) -> Callable[[Path], Session]:
    def load(folder: Path) -> Session:
        path = folder / "orders.onnx"
        path.write_bytes(make().SerializeToString())
        return Session(path)

    return load


def of_bytes(folder: Path) -> Session:
    return Session(exported(zipmap=False).SerializeToString())


def regressor() -> Any:
    return to_onnx(LinearRegression().fit(INPUTS, LABEL * 3.0 - 1.0), INPUTS[:1])


def chosen(answer: Any) -> Recorded:
    labels, probabilities = answer
    table = np.asarray([list(row.values()) if isinstance(row, dict) else row for row in probabilities])
    return Recorded(len(table), {ONLY: table[:, 1]}, {ONLY: labels}, {ONLY: table.max(axis=1)})


def by_callback(session: Session) -> Any:
    done, told = Event(), []

    def answered(results: Any, user_data: Any, error: str) -> None:
        told.append((results, user_data, error))
        done.set()

    session.run_async(None, FEED, answered, "mine")
    assert done.wait(10)
    ((results, user_data, error),) = told
    assert (user_data, error) == ("mine", "")
    return results


def by_binding(session: Session) -> Any:
    binding = session.io_binding()
    binding.bind_cpu_input("X", FEED["X"])
    for output in session.get_outputs():
        binding.bind_output(output.name)
    session.run_with_iobinding(binding)
    return binding.copy_outputs_to_cpu()


def by_ort_values(session: Session) -> Any:
    values = session.run_with_ort_values(None, {"X": onnxruntime.OrtValue.ortvalue_from_numpy(FEED["X"])})
    return [value.numpy() for value in values]


def fail(session: Session) -> Any:
    return session.run(None, WRONG)


class TestOnnxRuntime(FrameworkContract):
    adapter = "onnxruntime"
    cases = {
        "classifier": Case(
            of_file(lambda: exported(zipmap=False)), lambda s: s.run(None, FEED), chosen, "orders", "run", fail
        ),
        "classifier with a ZipMap": Case(of_file(exported), lambda s: s.run(None, FEED), chosen, "orders", "run", fail),
        "only the label": Case(
            of_bytes, lambda s: s.run(["label"], FEED), lambda a: of_labels(a[0]), "clicks", "run", fail
        ),
        "only the probabilities": Case(
            of_bytes, lambda s: s.run(["probabilities"], FEED), lambda a: of_two(a[0]), "clicks", "run", fail
        ),
        "regressor": Case(
            of_file(regressor), lambda s: s.run(None, input_feed=FEED), lambda a: of_scores(a[0]), "orders", "run", fail
        ),
        "by a callback": Case(of_bytes, by_callback, chosen, "clicks", "run_async", None),
        "by a binding": Case(of_bytes, by_binding, chosen, "clicks", "run_with_iobinding", None),
        "by OrtValues": Case(of_bytes, by_ort_values, chosen, "clicks", "run_with_ort_values", None),
    }
