"""Train the model that says in which language a message is written.

python -m examples.text_classifier.train --out build/text_classifier
"""

from __future__ import annotations

import argparse
from pathlib import Path

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from examples.text_classifier.data import first_half, load_sentences

MODEL_FILE = "message-language.joblib"


def train(out: Path) -> Path:
    """Fit on the first half of the sentences, write the model into ``out`` and return its path."""
    known = first_half(load_sentences())
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(build_model().fit(known["text"], known["language"]), out / MODEL_FILE)
    return out / MODEL_FILE


def build_model() -> Pipeline:
    """Return the unfitted pipeline: letters that stand together, and what they say."""
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), max_features=8000, sublinear_tf=True)
    return make_pipeline(letters, LogisticRegression(C=10, max_iter=500))


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    print(train(parser.parse_args().out))  # noqa: T201


if __name__ == "__main__":
    main()
