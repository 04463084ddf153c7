"""What is done with the calls of one operation of one model object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field

from otel_mlmon.capture.adapter import Call, Hook
from otel_mlmon.capture.models import LiveModel
from otel_mlmon.emit.spans import OpenSpan
from otel_mlmon.observe.answers import OneOutput
from otel_mlmon.observe.channel import Channel
from otel_mlmon.observe.prediction import Prediction
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

    def answered(self, call: Call, started: int, took: int, span: OpenSpan | None) -> None:
        """Record an answer that no collector took, or that has a span."""
        summary = None
        try:
            waiting = None
            if span is not None and self.collector is not None:
                waiting = self.collector.collect(call.answer, (call.instance, *call.args), call.kwargs, started, took)
                summary = None if waiting is None else self.collector.summary(waiting, call.answer)
            if waiting is None:
                summary = self._observe(call, started, took, span is not None)
        finally:
            if span is not None:
                span.answered(summary)

    @guard("failed call")
    def failed(self, error: BaseException, took: int, span: OpenSpan | None) -> None:
        """Record that the model raised."""
        try:
            self.channel.observe_failure(took * SECONDS, error)
        finally:
            if span is not None:
                span.failed(error)

    def _observe(self, call: Call, started: int, took: int, summarised: bool) -> Summary | None:
        answer = None if self.hook.outputs is None else self.hook.outputs(call)
        if isinstance(answer, OneOutput) and self.collector is not None:
            waiting = self.collector.collect_read(answer, call.args, call.kwargs, started, took)
            if waiting is not None:
                return self.collector.summary(waiting, answer.values) if summarised else None
        inputs = self.hook.inputs(call.args, call.kwargs)
        summary = self.channel.observe(Prediction(answer, inputs, took * SECONDS))
        if isinstance(answer, OneOutput) and self.collector is not None:
            self.collector.begin(answer, call.answer, call.args, call.kwargs)
        return summary


def _collect_nothing(*_call: Any) -> None:
    return None
