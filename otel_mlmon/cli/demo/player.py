"""The replay itself: each hour is sent, counted, watched and shown before the next begins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from attrs import define, field

from otel_mlmon.cli.demo.assets import Assets
from otel_mlmon.cli.demo.detection import Reading, Reference, Watch
from otel_mlmon.cli.demo.journal import Hour, Journal
from otel_mlmon.cli.demo.overhead import Overhead
from otel_mlmon.cli.demo.replay import Client, Traffic
from otel_mlmon.cli.demo.story import Course, Phase, Story
from otel_mlmon.cli.demo.telemetry import Answers, Telemetry
from otel_mlmon.cli.demo.view import Observer, View
from otel_mlmon.cli.failure import Failure

if TYPE_CHECKING:
    import pandas as pd

ARRIVAL_SECONDS: Final = 15.0
"""After so long, answers that have not been counted will not be."""

WHEN: Final = "%a %d %b %H:%M"


class Display(Protocol):
    """Where a run shows itself."""

    def step(self, text: str) -> None:
        """Say what is being prepared."""

    def show(self, view: View) -> None:
        """Show the end of a replayed hour."""

    def event(self, text: str) -> None:
        """Say what has just happened in the story."""


class Deployment(Protocol):
    """The running service."""

    @property
    def address(self) -> str:
        """Return where it answers."""

    def require_alive(self) -> None:
        """Raise a failure if it has ended."""

    def release(self, model: Path) -> None:
        """Restart it with another model file."""


@define
class Player:
    """Plays one story."""

    story: Story
    assets: Assets
    references: tuple[Reference, ...]
    overhead: Overhead
    telemetry: Telemetry
    deployment: Deployment
    display: Display
    course: Course = field(init=False)
    journal: Journal = field(factory=Journal)
    last: View | None = None
    alarmed: list[View] = field(factory=list)
    """The hours from the alarm to the fix."""
    _watches: tuple[Watch, ...] = field(init=False)
    _observer: Observer = field(init=False)
    _before: Answers | None = None
    _sent: int = 0

    def __attrs_post_init__(self) -> None:
        self.course = Course(self.story)
        self._watches = tuple(Watch(reference) for reference in self.references)
        self._observer = Observer(self.assets.baseline, self.story.title, self.overhead)

    def play(self, hours: Iterable[tuple[datetime, pd.DataFrame]], pace: float) -> None:
        """Replay until the story has been told, no hour faster than ``pace`` seconds."""
        never = Event()
        with Client(self.deployment.address) as client:
            for begins, flights in hours:
                if self.course.over:
                    return
                started = monotonic()
                self._enter(begins)
                broken = self.course.phase is Phase.INCIDENT
                traffic = client.send(self.story.alter(flights) if broken else flights)
                self._leave(begins, traffic, started)
                never.wait(max(0.0, started + pace - monotonic()))

    def _enter(self, begins: datetime) -> None:
        before = self.course.phase
        phase = self.course.enter(begins)
        if phase is before:
            return
        broken = phase is Phase.INCIDENT
        self.display.event(f"{begins:{WHEN}}  {self.story.cause if broken else self.story.fix}")
        if self.story.broken_model:
            self.deployment.release(self.assets.broken_model if broken else self.assets.model)
        if phase is Phase.FIXED:
            for watch in self._watches:
                watch.restart()

    def _leave(self, begins: datetime, traffic: Traffic, started: float) -> None:
        answers = self._counted(traffic)
        readings = tuple(watch.observe(answers.overall.counts) for watch in self._watches)
        hour = Hour(begins, self.course.phase, traffic, answers, readings)
        self.journal.add(hour)
        known = self.course.alarmed
        self.course.leave(hour.ends, alarm=any(reading.alarm for reading in readings))
        if known is None and self.course.alarmed is not None:
            self._announce(hour.ends, readings)
        speed = traffic.rows / (monotonic() - started)
        view = self._observer.view(self.journal, self.course, self.telemetry.rows, speed)
        if hour.phase is Phase.INCIDENT and self.course.alarmed is not None:
            self.alarmed.append(view)
        self.last = view
        self.display.show(view)

    def _announce(self, now: datetime, readings: tuple[Reading, ...]) -> None:
        reading = next(reading for reading in readings if reading.alarm)
        self.display.event(
            f"{now:{WHEN}}  ALARM, {self.course.minutes_to_alarm} minutes after the first broken answer: "
            f"the {reading.rule} are {reading.distance:.2f} away from the healthy ones most like them, "
            f"and healthy ones keep within {reading.threshold:.2f}"
        )

    def _counted(self, traffic: Traffic) -> Answers:
        """Return the hour's answers, once every row that was answered has been exported."""
        self._sent += traffic.rows
        if not self.telemetry.wait_for_rows(self._sent, ARRIVAL_SECONDS) or not traffic.rows:
            self.deployment.require_alive()
            raise Failure(self._why_nothing_counts(traffic))
        total = self.telemetry.answers()
        before, self._before = self._before, total
        return total if before is None else total.plus(before, -1)

    def _why_nothing_counts(self, traffic: Traffic) -> str:
        if not traffic.rows:
            return f"all {traffic.requests} requests to {self.deployment.address} failed; it is still running"
        counted = self.telemetry.rows
        if not counted:
            return (
                f"the service answers, but no prediction was exported in {ARRIVAL_SECONDS:.0f} s: is otel-mlmon "
                "installed in the environment of this command, and OTEL_SDK_DISABLED unset?"
            )
        return f"{self._sent} flights were answered and only {counted} were counted after {ARRIVAL_SECONDS:.0f} s"
