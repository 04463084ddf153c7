"""Rules about the results of a query: a known item's rank, duplicates, what must not be there, the fallback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import numpy as np

from otel_mlmon.config.checks import RankOf
from otel_mlmon.observe.arrays import Array
from otel_mlmon.observe.checks.evidence import Evidence, Flags, Outcome
from otel_mlmon.observe.checks.keys import keys_of
from otel_mlmon.observe.checks.rules import Judge
from otel_mlmon.observe.items import Items
from otel_mlmon.observe.labels import label_text

SECONDS_OF_A_FALLBACK = 60.0
"""For which the answer of a function that returns the popular items holds."""


def rank_of(rule: RankOf) -> Judge:
    """Return the rule that a known item is not among the first; its rank from 1 is the number."""

    def judge(evidence: Evidence) -> Outcome | None:
        items = _items(evidence)
        known = None if items is None else keys_of(rule.item, evidence)
        if items is None or known is None:
            return None
        wanted = np.array(known, dtype=object)
        hits = (items.identifiers == wanted[:, None]) & items.present
        found = np.logical_or.reduce(hits, axis=1)
        # An empty answer has no first place to look at.
        ranks = np.where(found, hits.argmax(axis=1) + 1.0, np.nan) if hits.shape[1] else np.full(len(hits), np.nan)
        judged = np.array([item is not None for item in known])
        return Outcome(~(ranks <= rule.within), judged, np.where(judged, ranks, np.nan))

    return judge


def contains_any(unwanted: Sequence[object]) -> Judge:
    """Return the rule that something is among the results that must not be."""
    texts = set(map(label_text, unwanted))

    def judge(evidence: Evidence) -> Outcome | None:
        items = _items(evidence)
        if items is None:
            return None
        different, codes = _factorized(items.identifiers)
        bad = np.array([label_text(item) in texts for item in different] or [False])
        return Outcome(np.logical_or.reduce(bad[codes] & items.present, axis=1))

    return judge


def duplicate_share(limit: float) -> Judge:
    """Return the rule that too many of the results stand twice."""

    def judge(evidence: Evidence) -> Outcome | None:
        items = _items(evidence)
        if items is None:
            return None
        _, codes = _factorized(items.identifiers)
        # Absent ones, each of a code of its own, are no duplicates of anything.
        apart = np.where(items.present, codes, -1 - np.arange(codes.shape[1]))
        ordered = np.sort(apart, axis=1)
        again = (ordered[:, 1:] == ordered[:, :-1]).sum(axis=1)
        shares = again / np.maximum(items.present.sum(axis=1), 1)
        return Outcome(shares > limit, None, shares)

    return judge


def fallback(popular: Sequence[object] | Callable[[], Sequence[object]]) -> Judge:
    """Return the rule that the results are those that everybody gets, as far as they go; or that one class is."""
    known = _Popular(popular)

    def judge(evidence: Evidence) -> Outcome | None:
        expected = known.texts()
        items = _items(evidence)
        if items is not None:
            return Outcome(_begins_with(items, expected))
        if evidence.rows is None or len(evidence.rows.classes) != 1 or len(expected) != 1:
            return None
        factors = evidence.rows.classes[0].factors
        return Outcome(np.array([text == expected[0] for text in factors.texts] or [False])[factors.codes])

    return judge


class _Popular:
    """The popular items, asked for again from time to time where a function tells them."""

    def __init__(self, popular: Sequence[object] | Callable[[], Sequence[object]]) -> None:
        self._popular = popular
        self._texts: list[str] = []
        self._until = 0.0

    def texts(self) -> list[str]:
        if monotonic() >= self._until:
            items = self._popular() if callable(self._popular) else self._popular
            self._texts = [label_text(item) for item in items]
            self._until = monotonic() + SECONDS_OF_A_FALLBACK
        return self._texts


def _begins_with(items: Items, expected: Sequence[str]) -> Flags:
    width = min(items.identifiers.shape[1], len(expected))
    if not width:
        return np.zeros(len(items.identifiers), dtype=bool)
    different, codes = _factorized(items.identifiers[:, :width])
    texts = np.array([label_text(item) for item in different], dtype=object)
    same = (texts[codes] == np.array(expected[:width], dtype=object)) | ~items.present[:, :width]
    return np.asarray(same.all(axis=1) & items.present[:, :width].any(axis=1))


def _factorized(identifiers: Array) -> tuple[list[Any], Array]:
    if identifiers.dtype != object:
        different, codes = np.unique(identifiers, return_inverse=True)
        return different.tolist(), codes.reshape(identifiers.shape)
    places: dict[Any, int] = {}
    codes = np.array([places.setdefault(item, len(places)) for item in identifiers.reshape(-1).tolist()], dtype=np.intp)
    return list(places), codes.reshape(identifiers.shape)


def _items(evidence: Evidence) -> Items | None:
    return None if evidence.rows is None else evidence.rows.items
