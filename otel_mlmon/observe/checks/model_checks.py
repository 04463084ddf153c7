"""All checks of one operation of one model: asked, counted, and named on the span of a prediction that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any

import numpy as np
from opentelemetry.context import Context

from otel_mlmon import safety, semconv
from otel_mlmon.config.buckets import NUMBER, RESULTS, Layout
from otel_mlmon.config.checks import Check
from otel_mlmon.config.schema import ModelRule
from otel_mlmon.observe.checks.asking import STAGE, asking
from otel_mlmon.observe.checks.budget import Budget
from otel_mlmon.observe.checks.building import OF_ROWS, NamedJudge, judge_of, pairs_of
from otel_mlmon.observe.checks.evidence import Evidence, Flags, Outcome
from otel_mlmon.observe.checks.functions import Answered, registry
from otel_mlmon.observe.checks.monotone import monotone
from otel_mlmon.observe.dotted import function_at
from otel_mlmon.observe.grouping import Partition
from otel_mlmon.observe.recorders import RowRecorders
from otel_mlmon.observe.recording import record_with_gaps

Look = Callable[[Evidence], None]

Failed = dict[str, Flags]
"""Checks that some row failed, and which rows, shape (rows,)."""

SECONDS_BETWEEN_LINKS = 1.0


class ModelChecks:
    """What is asked of each prediction.

    Parameters
    ----------
    model, operation
        Which answers.
    rule
        What is configured for the model.
    models
        What is configured of all models, for those that are compared with this one.
    whole_call
        Returns the recorders of a call of ``n`` rows, for what is said later.
    skipped
        Takes the name of a check and the rows that it was not asked about.
    """

    def __init__(  # noqa: PLR0917
        self,
        model: str,
        operation: str,
        rule: ModelRule,
        models: Sequence[ModelRule],
        whole_call: Callable[[int], Partition[RowRecorders]],
        skipped: Callable[[str, int], None],
    ) -> None:
        self._model, self._operation = model, operation
        self._whole_call, self._skipped = whole_call, skipped
        self._layouts: dict[str, Layout] = {}
        self._of_rows: list[NamedJudge] = []
        self._of_calls = pairs_of(model, models)
        self._later: list[Look] = []
        for check in rule.checks:
            with safety.guard(STAGE):
                self._add(check)
        self._own: list[NamedJudge] = []
        self._next_link: dict[str, float] = {}
        self._version = -1

    @property
    def are_any(self) -> bool:
        """Whether anything is asked."""
        return bool(self._of_rows) or self.need_calls

    @property
    def need_calls(self) -> bool:
        """Whether calls must be looked at one by one, while what was said of them and their inputs are there."""
        return bool(self._of_calls or self._later or self._registered())

    def look(self, evidence: Evidence, parts: Partition[RowRecorders]) -> Failed:
        """Ask of a call, and return the checks that some row failed."""
        failed = self.look_at_rows(evidence, parts)
        failed.update(self._ask(self._of_calls, evidence, parts))
        failed.update(self._ask(self._registered(), evidence, parts))
        for look in self._later:
            with safety.guard(STAGE):
                look(evidence)
        return failed

    def look_at_rows(self, evidence: Evidence, parts: Partition[RowRecorders] | None) -> Failed:
        """Ask what can be asked of rows that waited; with None for the recorders it is only said, and not counted."""
        return self._ask(self._of_rows, evidence, parts)

    def _ask(self, judges: Sequence[NamedJudge], evidence: Evidence, parts: Partition[RowRecorders] | None) -> Failed:
        failed: Failed = {}
        for named in judges:
            with safety.guard(STAGE):
                outcome = named.judge(evidence)
                if outcome is None:
                    continue
                fails = outcome.failed if outcome.judged is None else outcome.failed & outcome.judged
                if parts is not None:
                    self._count(named.name, outcome, parts, evidence.traced)
                if fails.any():
                    failed[named.name] = fails
        return failed

    def _count(
        self, name: str, outcome: Outcome, parts: Partition[RowRecorders], traced: Context | None = None
    ) -> None:
        judged = np.ones(len(outcome.failed), dtype=bool) if outcome.judged is None else outcome.judged
        starts = np.cumsum(parts.sizes) - parts.sizes
        for flags, said in (
            (outcome.failed & judged, semconv.OUTCOME_FAIL),
            (judged & ~outcome.failed, semconv.OUTCOME_PASS),
        ):
            counts = np.add.reduceat(parts.sort(flags).astype(np.intp), starts).tolist()
            for member, count in zip(parts.members, counts, strict=True):
                recorder = member.checked(name, said) if count else None
                if recorder is not None and said == semconv.OUTCOME_FAIL and self._is_to_link(name, traced):
                    recorder.record_exemplar(1, traced)  # type: ignore[arg-type]
                    count -= 1  # noqa: PLW2901
                if recorder is not None and count:
                    recorder.record(count)
        if outcome.numbers is not None:
            layout = self._layouts.get(name, NUMBER)
            record_with_gaps(outcome.numbers, parts, [one.measured(name, layout) for one in parts.members])

    def _is_to_link(self, name: str, traced: Context | None) -> bool:
        # An exemplar goes through the slow public call: one a second is enough to get from a graph to a trace.
        now = monotonic()
        if traced is None or now < self._next_link.get(name, 0.0):
            return False
        self._next_link[name] = now + SECONDS_BETWEEN_LINKS
        return True

    def _add(self, check: Check) -> None:
        rule = check.rule
        if check.call is not None:
            self._of_calls.append(self._asking(check.name, function_at(check.call), check.budget))
        elif rule is not None and rule.monotone is not None:
            self._later.append(monotone(rule.monotone, partial(self._tell_later, check.name)))
        elif rule is not None:
            found = judge_of(check)
            if rule.rank_of is not None:
                self._layouts[check.name] = RESULTS
            if found is not None:
                (self._of_rows if rule.kind in OF_ROWS else self._of_calls).append(NamedJudge(check.name, found))

    def _tell_later(self, name: str, outcome: Outcome) -> None:
        self._count(name, outcome, self._whole_call(len(outcome.failed)))

    def _registered(self) -> Sequence[NamedJudge]:
        if self._version != registry.version:
            self._version = registry.version
            found = registry.of(self._model)
            self._own = [self._asking(check.name, check.function, check.budget) for check in found]
        return self._own

    def _asking(self, name: str, function: Callable[[Answered], Any], budget: float) -> NamedJudge:
        skipped = partial(self._skipped, name)
        return NamedJudge(name, asking(function, self._model, self._operation, Budget(budget), skipped))
