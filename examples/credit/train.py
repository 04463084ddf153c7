"""Train the model that says whether a mortgage is approved.

python -m examples.credit.train --out build/credit
"""

from __future__ import annotations

import argparse
from pathlib import Path

import joblib
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from examples.credit.data import FEATURES, first_half, load_applications

MODEL_FILE = "mortgage-approval.joblib"


def train(out: Path) -> Path:
    """Fit on the first half of the applications, write the model into ``out`` and return its path."""
    known = first_half(load_applications())
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(build_model().fit(known[[*FEATURES.values()]], known["decision"]), out / MODEL_FILE)
    return out / MODEL_FILE


def build_model() -> Pipeline:
    """Return the unfitted pipeline; a loan that is not paid back costs more than one that is not made."""
    return make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    print(train(parser.parse_args().out))  # noqa: T201


if __name__ == "__main__":
    main()
