"""What a page of the runbook says of an alert, the same for all models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from attrs import frozen

from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.backends.promql.expression import Expression


@frozen
class Query:
    """Something to ask the back end for.

    Attributes
    ----------
    says
        What the answer tells, in words.
    """

    says: str
    expression: Expression


Question: TypeAlias = Callable[[Subject], Iterator[Query]]
"""The queries about one thing, as far as a model has it."""


@frozen
class Step:
    """One thing to do.

    Attributes
    ----------
    title
        A question, or an order, of a few words.
    text
        How to find out, and what to do then.
    question
        What to paste.
    without
        What to do about it where the model's rules record nothing to paste.
    """

    title: str
    text: str
    question: Question | None = None
    without: str = ""


@frozen
class Entry:
    """One alert.

    Attributes
    ----------
    alert
        Its name.
    means
        What has happened, in one or two sentences; the first one stands in the list of alerts, too.
    measure
        What is compared with the threshold: "the share of …"; goes on with "is above 0.25".
    first
        What to do, in the order that finds most bugs.
    figures
        Where to look on.
    wrong
        When it fires although nothing is broken.
    tune
        A sentence that says what chooses the threshold, where no single key of ``models[].alerts`` does.
    """

    alert: str
    means: str
    measure: str
    first: tuple[Step, ...]
    figures: tuple[Question, ...]
    wrong: str
    tune: str | None = None
