"""What goes wrong: traffic in, other traffic out."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import groupby

from attrs import evolve

from otel_mlmon import semconv
from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.unit_tests.traffic import Change, Counter, Labels, Numbers, Part, Traffic


def elsewhere(buckets: int) -> Change:
    """Make all values of an output lie in the buckets that have the fewest of them."""

    def change(traffic: Traffic) -> Traffic:
        values = [part for part in traffic if isinstance(part, Numbers) and part.metric == names.VALUE]
        changed = {part: _into(part, _emptiest(_of_same_output(part, values), buckets)) for part in values}
        return tuple(changed.get(part, part) if isinstance(part, Numbers) else part for part in traffic)

    return change


def of_class(rare: Labels) -> Change:
    """Make all answers be one class."""

    def change(traffic: Traffic) -> Traffic:
        kept = [part for part in traffic if part.family != names.PREDICTIONS]
        classes = [part for part in traffic if isinstance(part, Counter) and part.metric == names.PREDICTIONS]
        for _, group in groupby(classes, key=_beside_class):
            together = list(group)
            total = sum(part.rate for part in together)
            kept += [evolve(part, rate=total if set(rare) <= set(part.labels) else 0.0) for part in together]
        return tuple(kept)

    return change


def unsure(least: float) -> Change:
    """Make the confidence as small as it can be."""

    def change(part: Numbers) -> Numbers:
        return _into(part, [next(place for place, end in enumerate(part.boundaries) if end > least)])

    return _each(lambda part: part.family == names.CONFIDENCE, change)


def failing(check: str, share: float) -> Change:
    """Make a share of all answers fail a check."""

    def change(traffic: Traffic) -> Traffic:
        asked = [part for part in traffic if isinstance(part, Counter) and (names.CHECK, check) in part.labels]
        kept = [part for part in traffic if part not in asked]
        for _, group in groupby(asked, key=lambda part: _without(part.labels, names.OUTCOME)):
            together = list(group)
            total = sum(part.rate for part in together)
            shares = {semconv.OUTCOME_PASS: 1 - share, semconv.OUTCOME_FAIL: share}
            kept += [evolve(part, rate=total * shares[dict(part.labels)[names.OUTCOME]]) for part in together]
        return tuple(kept)

    return change


def bad_values(column: str, state: str) -> Change:
    """Make all values of a watched column be bad in a certain way."""

    def change(traffic: Traffic) -> Traffic:
        good = [part for part in traffic if isinstance(part, Counter) and (names.INPUT, column) in part.labels]
        bad = [evolve(part, labels=(*_without(part.labels, names.STATE), (names.STATE, state))) for part in good]
        return (*(part.times(0) if part in good else part for part in traffic), *bad)

    return change


def fewer(factor: float) -> Change:
    """Make all of it less."""
    return lambda traffic: tuple(part.times(factor) for part in traffic)


def slow(share: float) -> Change:
    """Make a share of all calls take longer than all buckets but the last two."""
    return _each(_is_latency, lambda part: _mixed(part, _into(part, [len(part.rates) - 2]), share))


def erroneous(share: float) -> Change:
    """Make a share of all calls fail."""

    def change(traffic: Traffic) -> Traffic:
        calls = [part for part in traffic if _is_latency(part)]
        failed = [evolve(part.times(share), labels=(*part.labels, (names.ERROR, "ValueError"))) for part in calls]
        return (*(part.times(1 - share) if part in calls else part for part in traffic), *failed)

    return change


def in_turn(*all_of: Change) -> Change:
    """Make one change after the other."""
    return lambda traffic: reduce(lambda changed, change: change(changed), all_of, traffic)


def beside(*parts: Part) -> Change:
    """Make more of it come in."""
    return lambda traffic: (*traffic, *parts)


def second_version(version: str, differing: Change) -> Change:
    """Make another version give half of the answers, and differ."""

    def change(traffic: Traffic) -> Traffic:
        half = tuple(part.times(0.5) for part in traffic)
        other = tuple(
            evolve(
                part,
                labels=tuple((label, version if label == names.VERSION else value) for label, value in part.labels),
            )
            for part in differing(half)
        )
        return (*half, *other)

    return change


def only(place: Labels, differing: Change) -> Change:
    """Make only what has these labels change."""

    def change(traffic: Traffic) -> Traffic:
        changed = differing(tuple(part for part in traffic if set(place) <= set(part.labels)))
        return (*changed, *(part for part in traffic if not set(place) <= set(part.labels)))

    return change


def _each(meant: Callable[[Part], bool], change: Callable[[Numbers], Numbers]) -> Change:
    return lambda traffic: tuple(
        change(part) if isinstance(part, Numbers) and meant(part) else part for part in traffic
    )


def _is_latency(part: Part) -> bool:
    return part.family == names.DURATION


def _into(part: Numbers, places: list[int]) -> Numbers:
    rates = tuple(part.size / len(places) if place in places else 0.0 for place in range(len(part.rates)))
    return evolve(part, rates=rates)


def _of_same_output(one: Numbers, parts: list[Numbers]) -> list[Numbers]:
    output = dict(one.labels).get(names.OUTPUT)
    return [part for part in parts if dict(part.labels).get(names.OUTPUT) == output]


def _emptiest(parts: list[Numbers], buckets: int) -> list[int]:
    counts = [sum(of_bucket) for of_bucket in zip(*(part.rates for part in parts), strict=True)]
    return sorted(range(len(counts)), key=counts.__getitem__)[:buckets]


def _mixed(first: Numbers, second: Numbers, share: float) -> Numbers:
    rates = zip(first.rates, second.rates, strict=True)
    return evolve(first, rates=tuple(one * (1 - share) + other * share for one, other in rates))


def _beside_class(part: Counter) -> Labels:
    return _without(part.labels, names.CLASS)


def _without(labels: Labels, label: str) -> Labels:
    return tuple((name, value) for name, value in labels if name != label)
