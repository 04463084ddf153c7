"""Spans of predictions: one a call, or attributes on the span that the caller has already.

No message of an exception and no input leaves here: they may hold feature values.
"""

from __future__ import annotations

import random
from contextvars import Token
from typing import Protocol

from attrs import define
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from otel_mlmon import semconv
from otel_mlmon.config.schema import Spans
from otel_mlmon.emit.telemetry import Telemetry
from otel_mlmon.safety import guard


class Described(Protocol):
    """A model, as far as a span names it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> str | None: ...  # noqa: D102
    @property
    def framework(self) -> str: ...  # noqa: D102
    @property
    def model_class(self) -> str: ...  # noqa: D102
    @property
    def is_remote(self) -> bool: ...  # noqa: D102


class Answered(Protocol):
    """What a span says about an answer."""

    @property
    def rows(self) -> int: ...  # noqa: D102
    @property
    def score(self) -> float | None: ...  # noqa: D102
    @property
    def label(self) -> str | None: ...  # noqa: D102
    @property
    def review(self) -> bool: ...  # noqa: D102
    @property
    def failed(self) -> tuple[str, ...]: ...  # noqa: D102


@define
class OpenSpan:
    """A span around one call of a model."""

    span: Span
    is_own: bool
    """Else it is the caller's: the call leaves attributes on it, and it goes on."""
    token: Token[Context] | None = None
    """Of the context in which our own span is the current one."""

    def make_current(self) -> None:
        """Be the parent of what follows, until the answer."""
        if self.is_own:
            self.token = context.attach(trace.set_span_in_context(self.span))

    def step_back(self) -> None:
        """Be the parent of what follows no more."""
        if self.token is not None:
            context.detach(self.token)
            self.token = None

    def answered(self, summary: Answered | None, input_problems: tuple[str, ...] = ()) -> None:
        """Say what the model answered, and which of its inputs had problems."""
        if input_problems:
            self.span.set_attribute(semconv.INPUT_PROBLEMS, input_problems)
        if summary is not None and self.span.is_recording():
            # All at once: each call takes the span's lock.
            attributes: dict[str, AttributeValue] = {semconv.PREDICTION_ROWS: summary.rows}
            if summary.score is not None:
                attributes[semconv.PREDICTION_SCORE] = summary.score
            if summary.label is not None:
                attributes[semconv.PREDICTION_CLASS] = summary.label
            if summary.failed:
                attributes[semconv.QUALITY_FAILED] = summary.failed
            if summary.review:
                attributes[semconv.REVIEW] = True
            self.span.set_attributes(attributes)
        self._end()

    def failed(self, error_type: str, input_problems: tuple[str, ...] = ()) -> None:
        """Say that the model did not answer, and which of its inputs had problems."""
        if input_problems:
            self.span.set_attribute(semconv.INPUT_PROBLEMS, input_problems)
        if self.is_own and self.span.is_recording():
            self.span.set_attribute(semconv.ERROR_TYPE, error_type)
            self.span.set_status(Status(StatusCode.ERROR))
        self._end()

    def _end(self) -> None:
        if self.is_own:
            self.step_back()
            self.span.end()


@guard("span")
def open_span(telemetry: Telemetry, spans: Spans, model: Described, operation: str) -> OpenSpan | None:
    """Begin a call's trace, while there is a tracer provider; None where the call leaves none.

    The span is not the current one yet.
    """
    attributes = {
        semconv.MODEL_NAME: model.name,
        semconv.OPERATION: operation,
        semconv.FRAMEWORK: model.framework,
        semconv.MODEL_CLASS: model.model_class,
        semconv.PREDICTION_ID: f"{random.getrandbits(64):016x}",
    }
    if model.version is not None:
        attributes[semconv.MODEL_VERSION] = model.version
    if spans is Spans.CURRENT:
        span = trace.get_current_span()
        if not span.is_recording():
            return None
        span.set_attributes(attributes)
        return OpenSpan(span, is_own=False)
    kind = SpanKind.CLIENT if model.is_remote else SpanKind.INTERNAL
    span = telemetry.tracer.start_span(f"{semconv.SPAN_PREDICT} {model.name}", kind=kind, attributes=attributes)
    return OpenSpan(span, is_own=True)
