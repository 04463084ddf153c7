"""What was found of one model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from attrs import field, frozen

from otel_mlmon.backends.prometheus import names
from otel_mlmon.backends.prometheus.rule import Alert
from otel_mlmon.backends.prometheus.subject import Subject
from otel_mlmon.cli.backtest.episodes import Episode, Peak, episodes, peaks
from otel_mlmon.cli.backtest.proposals import Proposal
from otel_mlmon.cli.backtest.replay import History, Replayed


@frozen
class Fired:
    """An alert that would have fired, once."""

    alert: Alert
    episode: Episode


@frozen(slots=False)
class Report:
    """What was found.

    Attributes
    ----------
    overdispersion
        Of the history; all alerts were replayed with it.
    """

    subject: Subject
    history: History
    overdispersion: float
    replayed: tuple[Replayed, ...] = field(repr=False)
    proposals: tuple[Proposal, ...]

    @cached_property
    def fired(self) -> tuple[Fired, ...]:
        """What would have fired, in the order of time."""
        return tuple(sorted(self._fired(), key=lambda fired: fired.episode.start))

    @cached_property
    def incident(self) -> Peak | None:
        """The value that is furthest above a threshold that can be chosen; None where none is above."""
        highest = [
            (peak.value / each.alert.threshold, peak)
            for each in self.replayed
            for peak in peaks(each.tracks, self.history.span, each.alert, 1)
            if each.alert.parameter is not None and peak.value > each.alert.threshold
        ]
        return max(highest, key=lambda pair: pair[0], default=(0.0, None))[1]

    @cached_property
    def jobs(self) -> frozenset[str]:
        """The services that ask the model."""
        tracks = (track for each in self.replayed for track in each.tracks)
        return frozenset(track.labels.get(names.JOB, "") for track in tracks)

    @property
    def changes(self) -> dict[str, float]:
        """What should be in the configuration and is not, by the key of ``alerts``."""
        wanted = {each.parameter: each.value for each in self.proposals if each.value is not None}
        everything = {"overdispersion": self.overdispersion, **wanted}
        return {key: value for key, value in everything.items() if value != self.current(key)}

    def current(self, parameter: str) -> float:
        """Return what is in the configuration, or by default."""
        value: float = getattr(self.subject.alerts, parameter)
        return value

    def _fired(self) -> Iterator[Fired]:
        for each in self.replayed:
            for track in each.tracks:
                for episode in episodes(track, self.history.span, each.alert, each.alert.threshold):
                    yield Fired(each.alert, episode)
