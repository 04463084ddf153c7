"""What a span says about an answer."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from otel_mlmon.config.schema import Output
from otel_mlmon.observe.one_row import OneRow
from otel_mlmon.observe.rows import Rows


@frozen
class Summary:
    """An answer in a few attributes; the score and the class only when it has one row.

    Attributes
    ----------
    review
        Whether a person should look at it: some confidence is lower than configured, or it failed a check.
    failed
        Names of the checks that it failed.
    """

    rows: int
    score: float | None = None
    label: str | None = None
    review: bool = False
    failed: tuple[str, ...] = ()

    def with_failed(self, checks: Sequence[str]) -> Summary:
        """Return the same, with the checks that it failed."""
        return evolve(self, review=True, failed=tuple(dict.fromkeys(checks))) if checks else self

    def joined(self, other: Summary) -> Summary:
        """Return what the two parts of one answer say together."""
        return Summary(self.rows + other.rows, review=self.review or other.review)


def summarise(observed: OneRow | Rows, output: Output) -> Summary:
    """Return what a span says about an answer."""
    below = output.review_below
    if isinstance(observed, OneRow):
        score = observed.values[0][1] if len(observed.values) == 1 else None
        review = below is not None and observed.confidence is not None and observed.confidence < below
        return Summary(1, score, observed.label, review)
    review = below is not None and any(bool((column.numbers < below).any()) for column in observed.confidence)
    if observed.count != 1:
        return Summary(observed.count, review=review)
    scores = [score for column in observed.values for score in column.present().tolist()]
    score = scores[0] if len(scores) == 1 else None
    only = observed.classes[0].factors if len(observed.classes) == 1 else None
    return Summary(1, score, None if only is None else only.texts[only.codes[0]], review)
