"""Sentences in ten languages: what Django's user interface says in each, as its translators wrote it.

The source is the package ``Django`` (BSD), of which only the files with the translations are read.
"""

from __future__ import annotations

import gettext
import re
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

LANGUAGES = ("cs", "de", "es", "fr", "hu", "pl", "ro", "ru", "tr", "uk")
SHORTEST = 25
"""Characters; a shorter text can be of many languages."""

# Places for values, markup, and lines.
NO_LANGUAGE = re.compile(r"<[^>]*>|%(?:\(\w+\))?[a-z]|\{\w*\}|\s+")


def load_sentences() -> pd.DataFrame:
    """Return one row for each sentence, in an order that says nothing: text, language."""
    found = [(text, language) for language in LANGUAGES for text in sorted(_sentences(language))]
    languages_of = Counter(text for text, _ in found)
    kept = pd.DataFrame([row for row in found if languages_of[row[0]] == 1], columns=["text", "language"])
    return kept.iloc[np.random.default_rng(7).permutation(len(kept))].reset_index(drop=True)


def first_half(sentences: pd.DataFrame) -> pd.DataFrame:
    """Return what the model learns from."""
    return sentences[: len(sentences) // 2]


def second_half(sentences: pd.DataFrame) -> pd.DataFrame:
    """Return what the model meets in production."""
    return sentences[len(sentences) // 2 :].reset_index(drop=True)


def _sentences(language: str) -> set[str]:
    sentences = set()
    for file in _data_folder().glob(f"**/locale/{language}/LC_MESSAGES/django.mo"):
        with file.open("rb") as opened:
            catalogue = gettext.GNUTranslations(opened)._catalog  # type: ignore[attr-defined]
        texts = [re.sub(r"\s+", " ", NO_LANGUAGE.sub(" ", text)).strip() for key, text in catalogue.items() if key]
        sentences.update(text for text in texts if len(text) >= SHORTEST)
    return sentences


def _data_folder() -> Path:
    spec = find_spec("django")
    if spec is None or not spec.submodule_search_locations:
        message = "the data package is missing: pip install Django"
        raise ModuleNotFoundError(message, name="django")
    return Path(spec.submodule_search_locations[0])
