"""Runs the frameworks' own tests of prediction twice, without us and instrumented: no test may fail that passed before.

``python -m tests.upstream`` runs those that scikit-learn installs; paths of test files of others can follow.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree as ET

SKLEARN = (
    "sklearn.tests.test_base",
    "sklearn.tests.test_calibration",
    "sklearn.tests.test_dummy",
    "sklearn.tests.test_multiclass",
    "sklearn.tests.test_multioutput",
    "sklearn.tests.test_naive_bayes",
    "sklearn.tests.test_pipeline",
    "sklearn.ensemble.tests.test_bagging",
    "sklearn.ensemble.tests.test_forest",
    "sklearn.ensemble.tests.test_stacking",
    "sklearn.ensemble.tests.test_voting",
    "sklearn.linear_model.tests.test_logistic",
    "sklearn.linear_model.tests.test_ridge",
    "sklearn.model_selection.tests.test_classification_threshold",
    "sklearn.neighbors.tests.test_lof",
    "sklearn.neural_network.tests.test_mlp",
    "sklearn.svm.tests.test_svm",
    "sklearn.tree.tests.test_tree",
)
OPTIONS = ("-q", "-p", "no:randomly", "-W", "ignore", "-o", "addopts=", "--import-mode=importlib", "-p", "no:xdist")


def start(report: Path, plugin: tuple[str, ...]) -> subprocess.Popen[str]:
    """Start the tests."""
    arguments = sys.argv[1:] or ["--pyargs", *SKLEARN]
    command = [sys.executable, "-m", "pytest", *OPTIONS, *plugin, f"--junitxml={report}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def failures(report: Path, returncode: int) -> set[str]:
    """Return the names of the tests that failed, with ``""`` for a run that failed as a whole."""
    failed = {
        f"{case.get('classname')}::{case.get('name')}"
        for case in ET.parse(report).iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    }
    return failed if failed or returncode == 0 else {""}


def main() -> None:
    """Compare both runs, and end with an exit code."""
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder) / "before.xml", Path(folder) / "after.xml"
        runs = start(reports[0], ()), start(reports[1], ("-p", "tests.upstream.instrumented"))
        endings = [run.communicate()[0].partition("ml.prediction.duration")[1:] for run in runs]
        before, after = (failures(report, run.returncode) for report, run in zip(reports, runs, strict=True))
    new = sorted(after - before)
    print("".join(endings[1]))
    print(f"failed without us: {len(before)}, instrumented: {len(after)}, new: {len(new)}")
    sys.exit("\n".join(["these fail only when instrumented:", *new]) if new else 0)


if __name__ == "__main__":
    main()
