"""The head of a page: what the model is, and what it usually does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from otel_mlmon.backends.prometheus.runbook.markdown import bullet, code
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.config.baseline import Baseline, Histogram, Tally
from otel_mlmon.config.checks import Check
from otel_mlmon.config.words import check_in_words, input_in_words, segments_in_words

LISTED_CLASSES = 10


def about(subject: Subject) -> Iterator[str]:
    """Return points, each a few words and what is known."""
    baseline, rule = subject.baseline, subject.rule
    yield from _known(baseline) if baseline is not None else _unknown(subject)
    for check in rule.checks:
        yield bullet(f"Check {code(check.name)} fails where: {check_in_words(check)}{_usual_fails(check, baseline)}.")
    for watched in rule.inputs:
        yield bullet(f"Input that is watched: {code(input_in_words(watched))}.")
    keys = segments_in_words(rule.segments)
    if keys:
        yield bullet(f"Segments: {'; '.join(code(key) for key in keys)}.")


def _known(baseline: Baseline) -> Iterator[str]:
    operation = "" if baseline.operation is None else f" of {code(baseline.operation)}"
    yield bullet(f"Usual figures{operation} are those of {baseline.rows:,} predictions on {code(baseline.source)}.")
    for values in baseline.values:
        yield bullet(f"{_of('Answers', values.name)}: {_spread(values)}.")
    for classes in baseline.classes:
        yield bullet(f"{_of('Classes', classes.name)}: {_shares(classes)}.")
    for confidence in baseline.confidence:
        yield bullet(f"{_of('Confidence', confidence.name)}: {_spread(confidence)}.")
    for results in baseline.results:
        yield bullet(f"{_of('Number of results', results.name)}: {_spread(results)}.")


def _unknown(subject: Subject) -> Iterator[str]:
    kind = subject.rule.output.kind
    said = "answers" if kind is None else f"answers, each a {kind.value},"
    yield bullet(
        f"There is no baseline: nobody has said what {said} are usual. `otel-mlmon init` makes one of your data."
    )


def _of(what: str, output: str | None) -> str:
    return what if output is None else f"{what} of {code(output)}"


def _spread(histogram: Histogram) -> str:
    mean = histogram.total.sum / max(histogram.total.rows, 1)
    half, most = (_below(histogram, share) for share in (0.5, 0.9))
    return f"mean {mean:.3g}; half of them {half}, nine in ten {most}"


def _below(histogram: Histogram, share: float) -> str:
    """Return in words up to where a share of the numbers goes, as exactly as buckets tell."""
    wanted = share * histogram.total.rows
    reached = next(place for place, count in enumerate(accumulate(histogram.total.counts)) if count >= wanted)
    ends = histogram.boundaries
    return f"up to {ends[reached]:g}" if reached < len(ends) else f"up to more than {ends[-1]:g}"


def _shares(classes: Tally) -> str:
    rows = max(sum(classes.total.values()), 1)
    ordered = sorted(classes.total.items(), key=lambda item: -item[1])
    told = ", ".join(f"{code(name)} {_percent(count / rows)}" for name, count in ordered[:LISTED_CLASSES])
    more = len(ordered) - LISTED_CLASSES
    return told if more <= 0 else f"{told}, and {more} more"


def _usual_fails(check: Check, baseline: Baseline | None) -> str:
    if check.usual is not None:
        return f"; usually {_percent(check.usual)}"
    tallies = () if baseline is None else baseline.checks
    found = next((tally.total for tally in tallies if tally.name == check.name), None)
    if not found or not sum(found.values()):
        return ""
    return f"; usually {_percent(found.get('fail', 0) / sum(found.values()))}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
