"""What a run comes to: the story in sentences, and the figures before, during and after."""

from __future__ import annotations

from math import isnan
from statistics import median

from attrs import frozen

from otel_mlmon.cli.demo.journal import Figures
from otel_mlmon.cli.demo.run import Outcome
from otel_mlmon.cli.demo.story import Phase
from otel_mlmon.cli.demo.view import Figure, decimals

NONE = "-"
"""Stands where the story has no such phase."""


@frozen
class Row:
    """A figure of each phase, as text."""

    label: str
    before: str
    during: str
    after: str
    jumped: bool
    verdict: str


@frozen
class Summary:
    """What to tell."""

    headline: str
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]


def summarise(outcome: Outcome) -> Summary:
    """Return what there is to tell about a run."""
    return Summary(_headline(outcome), _sentences(outcome), (*_figure_rows(outcome), *_distance_rows(outcome)))


def _headline(outcome: Outcome) -> str:
    if outcome.story.breaks is None:
        return f"{_false_alarms(outcome)} alarms in {len(outcome.journal.hours)} healthy hours"
    minutes = outcome.course.minutes_to_alarm
    if minutes is None:
        return "The answers did not give it away in the time replayed"
    return f"Seen after {minutes:,} replayed minutes and {_flights_until_alarm(outcome):,} flights"


def _sentences(outcome: Outcome) -> tuple[str, ...]:
    exact = f"Every one of the {_sent(outcome):,} flights answered was counted in what the service exported."
    if outcome.story.breaks is None:
        return (outcome.story.cause, outcome.story.sign, exact)
    steady = [row.label for row in _figure_rows(outcome) if not row.jumped]
    green = f"Meanwhile {_listed(steady)} stayed as usual." if steady else ""
    quiet = f"While all was well, the same rules raised {_false_alarms(outcome)} alarms."
    return tuple(filter(None, (outcome.story.cause, outcome.story.sign, green, quiet, exact)))


def _figure_rows(outcome: Outcome) -> tuple[Row, ...]:
    stretches = {phase: outcome.journal.phase(phase) for phase in Phase}
    figures = {phase: stretch.figures(outcome.baseline) for phase, stretch in stretches.items() if stretch is not None}
    return tuple(
        Row(
            label=seen.figure.label,
            before=_written(seen.figure, figures.get(Phase.HEALTHY)),
            during=_written(seen.figure, figures.get(Phase.INCIDENT)),
            after=_written(seen.figure, figures.get(Phase.FIXED)),
            jumped=jumped,
            verdict="▲ jumped" if jumped else "● as usual",
        )
        for seen, jumped in zip(outcome.moment.figures, _jumped(outcome), strict=True)
    )


def _jumped(outcome: Outcome) -> tuple[bool, ...]:
    """Return for each figure whether it jumped in most hours from the alarm to the fix."""
    by_figure = zip(*(view.figures for view in outcome.alarmed or (outcome.last,)), strict=True)
    return tuple(median(seen.jumps for seen in figure) > 0.5 for figure in by_figure)


def _distance_rows(outcome: Outcome) -> tuple[Row, ...]:
    return tuple(
        Row(
            label=f"distance of the {reference.rule.name}",
            before=_farthest(outcome, Phase.HEALTHY, index),
            during=_farthest(outcome, Phase.INCIDENT, index),
            after=_farthest(outcome, Phase.FIXED, index),
            jumped=(alarm := any(hour.readings[index].alarm for hour in outcome.journal.hours)),
            verdict="▲ alarm" if alarm else "● no alarm",
        )
        for index, reference in enumerate(outcome.references)
    )


def _farthest(outcome: Outcome, phase: Phase, rule: int) -> str:
    distances = [hour.readings[rule].distance for hour in outcome.journal.hours if hour.phase is phase]
    full = [distance for distance in distances if not isnan(distance)]
    return decimals(max(full)) if full else NONE


def _written(figure: Figure, figures: Figures | None) -> str:
    return NONE if figures is None else figure.write(figure.of(figures))


def _sent(outcome: Outcome) -> int:
    return sum(hour.traffic.rows for hour in outcome.journal.hours)


def _flights_until_alarm(outcome: Outcome) -> int:
    alarmed = outcome.course.alarmed
    return sum(
        hour.traffic.rows
        for hour in outcome.journal.hours
        if hour.phase is Phase.INCIDENT and alarmed is not None and hour.ends <= alarmed
    )


def _false_alarms(outcome: Outcome) -> int:
    return sum(
        any(reading.alarm for reading in hour.readings)
        for hour in outcome.journal.hours
        if hour.phase is not Phase.INCIDENT
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
