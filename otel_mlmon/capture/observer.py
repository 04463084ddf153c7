"""What is done with the calls of one operation of one model object."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import define, field
from numpy import ndarray

from otel_mlmon.capture.adapter import Call, Hook
from otel_mlmon.capture.inside import inside
from otel_mlmon.capture.models import LiveModel
from otel_mlmon.emit.spans import OpenSpan
from otel_mlmon.observe.answers import OneOutput, Results
from otel_mlmon.observe.channel import Channel
from otel_mlmon.observe.prediction import Prediction
from otel_mlmon.observe.results import tabulate
from otel_mlmon.observe.row_collector import RowCollector, Waiting
from otel_mlmon.observe.summary import Summary
from otel_mlmon.safety import guard

SECONDS = 1e-9
"""Of a nanosecond."""


@define(eq=False)
class Observer:
    """Records calls.

    Attributes
    ----------
    collect
        As :meth:`RowCollector.collect`: lets an answer of one row wait; None where it must be looked at by itself.
    """

    hook: Hook
    live: LiveModel
    channel: Channel
    collector: RowCollector | None
    collect: Callable[..., Waiting | None] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.collect = _collect_nothing if self.collector is None else self.collector.collect
        if self.channel.inputs is not None:
            # Only then: looking is what a call would pay for.
            self.collect = self._collect_and_look

    def answered(self, call: Call, started: int, took: int, span: OpenSpan | None) -> None:
        """Record an answer that no collector took, or that has a span."""
        summary: Summary | None = None
        rows: int | None = None
        problems: tuple[str, ...] = ()
        try:
            waiting = None
            if span is not None and self.collector is not None:
                waiting = self.collector.collect(call.answer, (call.instance, *call.args), call.kwargs, started, took)
                summary = None if waiting is None else self.collector.summary(waiting, call.answer)
            if waiting is None:
                summary, rows = self._observe(call, started, took, span is not None)
            problems = self._look_at_inputs(call.args, call.kwargs, rows if summary is None else summary.rows)
        finally:
            if span is not None:
                span.answered(summary, problems)

    def failed(
        self, error: BaseException, took: int, span: OpenSpan | None, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Record that the model raised."""
        self.refused(type(error).__name__, took, span, args, kwargs)

    @guard("failed call")
    def refused(
        self, error_type: str, took: int, span: OpenSpan | None, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Record that the model did not answer, whether or not anything was raised."""
        problems: tuple[str, ...] = ()
        try:
            self.channel.observe_failure(took * SECONDS, error_type)
            # It may have raised because of them.
            problems = self._look_at_inputs(args, kwargs, None)
        finally:
            if span is not None:
                span.failed(error_type, problems)

    def _look_at_inputs(self, args: tuple[Any, ...], kwargs: dict[str, Any], answered: int | None) -> tuple[str, ...]:
        inputs = self.channel.inputs
        return () if inputs is None else inputs.look(self.hook.inputs(args, kwargs), answered) or ()

    def _collect_and_look(
        self, answer: Any, args: tuple[Any, ...], kwargs: dict[str, Any], started: int, took: int
    ) -> Waiting | None:
        waiting = None if self.collector is None else self.collector.collect(answer, args, kwargs, started, took)
        if waiting is not None:
            self._look_at_inputs(args[1:], kwargs, len(answer))
        return waiting

    def _observe(self, call: Call, started: int, took: int, summarised: bool) -> tuple[Summary | None, int | None]:
        """Record an answer; return what a span says of it and, where nobody asked for that, its rows if known."""
        answer = None if self.hook.outputs is None else self.hook.outputs(call)
        can_wait = self.collector is not None and self.channel.can_wait
        if isinstance(answer, Results) and can_wait:
            answer = tabulate(answer) or answer
        if isinstance(answer, OneOutput) and self.collector is not None and can_wait:
            waiting = self.collector.collect_read(answer, call.args, call.kwargs, started, took)
            if waiting is not None:
                if summarised:
                    return self.collector.summary(waiting, answer.values), None
                return None, len(answer.values) if isinstance(answer.values, ndarray) else 1
        inputs = self.hook.inputs(call.args, call.kwargs)
        if self.collector is not None and not can_wait:
            # A check of the service's own may have been defined since.
            self.collector.begin_anew()
        ask = partial(_ask_again, call.instance, self.hook.operation)
        summary = self.channel.observe(Prediction(answer, inputs, took * SECONDS, call.answer, ask))
        if isinstance(answer, OneOutput) and self.collector is not None and can_wait:
            self.collector.begin(answer, call.answer, call.args, call.kwargs)
        return summary, None


def _ask_again(instance: Any, method: str, inputs: Any) -> Any:
    token = inside.set(True)
    try:
        return getattr(instance, method)(inputs)
    finally:
        inside.reset(token)


def _collect_nothing(*_call: Any) -> None:
    return None
