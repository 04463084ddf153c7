"""Rules that compare a model with a simple one: a function of the same inputs, or another model, for the same key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np

from otel_mlmon.config.checks import AgreesWith
from otel_mlmon.observe.arrays import to_array
from otel_mlmon.observe.checks.evidence import Evidence, Outcome
from otel_mlmon.observe.checks.history import MAX_KEYS, answers_of, are_close
from otel_mlmon.observe.checks.keys import keys_of
from otel_mlmon.observe.checks.rules import Judge
from otel_mlmon.observe.labels import label_text


def agrees_with_function(function: Callable[[Any], Any], rule: AgreesWith) -> Judge:
    """Return the rule that a function of the inputs, which answers with one entry a row, says something else."""

    def judge(evidence: Evidence) -> Outcome | None:
        expected = to_array(function(evidence.inputs))
        if expected is None or evidence.rows is None or expected.shape != (evidence.count,):
            return None
        if evidence.rows.classes:
            factors = evidence.rows.classes[0].factors
            texts = np.array(factors.texts, dtype=object)[factors.codes]
            return Outcome(texts != np.array([label_text(label) for label in expected.tolist()], dtype=object))
        columns = evidence.values(None)
        if not columns or expected.dtype.kind not in "biuf":
            return None
        apart = np.abs(columns[0].numbers.reshape(evidence.count, -1)[:, 0] - expected.astype(float))
        return Outcome(~(apart <= rule.tolerance), None, apart)

    return judge


class Answers:
    """The last answers of each model by key, which other models of the process are compared with."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[str, OrderedDict[Any, Any]] = {}

    def tell(self, model: str, key: Any, answer: Any) -> None:
        """Remember an answer."""
        with self._lock:
            known = self._answers.setdefault(model, OrderedDict())
            known.pop(key, None)
            known[key] = answer
            if len(known) > MAX_KEYS:
                known.popitem(last=False)

    def take(self, model: str, key: Any) -> Any:
        """Return a model's answer for a key, once; None where there is none."""
        with self._lock:
            return self._answers.get(model, {}).pop(key, None)


_answers = Answers()


def agrees_with_model(model: str, other: str, rule: AgreesWith) -> Judge:
    """Return the rule that another model of this process answered the same key otherwise.

    Whichever of the two answers first is remembered; they are compared, and counted of the one that answers last.
    """
    pair = " ".join(sorted((model, other)))

    def judge(evidence: Evidence) -> Outcome | None:
        answers = answers_of(evidence)
        keys = None if answers is None or rule.key is None else keys_of(rule.key, evidence)
        if answers is None or keys is None:
            return None
        found: list[bool | None] = []
        for key, answer in zip(keys, answers, strict=False):
            expected = _answers.take(f"{pair} {other}", key)
            if expected is None:
                _answers.tell(f"{pair} {model}", key, answer)
            found.append(None if expected is None else not are_close(expected, answer, rule.tolerance))
        told = np.array([*found, *([None] * (evidence.count - len(found)))], dtype=object)
        return Outcome(told == True, told != None)  # noqa: E711, E712  (elementwise)

    return judge
