"""The whole demo: train, start the service, replay, and hand back what happened."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from types import TracebackType
from typing import Final

from attrs import evolve, frozen

from otel_mlmon.cli.demo.assets import CONFIG, EXAMPLES, MODEL_NAME, prepare
from otel_mlmon.cli.demo.baseline import Baseline
from otel_mlmon.cli.demo.detection import FAST, SLOW, Reference, learn
from otel_mlmon.cli.demo.journal import Journal
from otel_mlmon.cli.demo.overhead import Overhead, measure_in_subprocess
from otel_mlmon.cli.demo.player import Display, Player
from otel_mlmon.cli.demo.replay import by_hour
from otel_mlmon.cli.demo.service import Service, Setting, free_port
from otel_mlmon.cli.demo.story import Course, Story
from otel_mlmon.cli.demo.telemetry import Telemetry
from otel_mlmon.cli.demo.view import View
from otel_mlmon.cli.failure import Failure
from otel_mlmon.cli.receiver import Receiver

USUAL_HOURS: Final = 95
"""Replayed hours of a typical story, over which the seconds asked for are spread."""


@frozen(eq=False)
class Outcome:
    """What a run leaves."""

    story: Story
    course: Course
    journal: Journal
    baseline: Baseline
    references: tuple[Reference, ...]
    overhead: Overhead
    alarmed: tuple[View, ...]
    """The hours from the alarm to the fix; empty without an alarm."""
    last: View
    seconds: float

    @property
    def moment(self) -> View:
        """Return the hour that shows the story best: amid those of the alarm, or the last one."""
        return self.alarmed[2 * len(self.alarmed) // 3] if self.alarmed else self.last


class Host:
    """Keeps one service running; a release replaces its process."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._releases = 0
        self._service = Service(setting)

    def __enter__(self) -> Host:
        self._service.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._service.stop()

    @property
    def address(self) -> str:
        """Return where the service answers."""
        return self._service.address

    def require_alive(self) -> None:
        """Raise the failure that says why, if the process has ended."""
        self._service.require_alive()

    def release(self, model: Path) -> None:
        """Restart with another model file, as a deployment does."""
        self._releases += 1
        self._service.stop()
        self._service = Service(evolve(self._setting, model=model, instance=f"demo-{self._releases}"))
        self._service.__enter__()


def run(story: Story, display: Display, *, seconds: float, port: int = 0) -> Outcome:
    """Tell the story in about ``seconds`` of replay, after some seconds of preparation."""
    started = monotonic()
    port = free_port(port)
    with TemporaryDirectory(prefix="otel-mlmon-demo-") as name:
        folder = Path(name)
        display.step("training the model on January to June")
        assets = prepare(folder)
        display.step("learning how far apart healthy hours are")
        references = tuple(learn(rule, assets.baseline) for rule in (FAST, SLOW))
        display.step("measuring what the instrumentation costs a call")
        overhead = measure_in_subprocess(assets.model, CONFIG)
        telemetry = Telemetry(MODEL_NAME, sorted(assets.baseline.origins), assets.baseline.bounds)
        display.step("starting the service under opentelemetry-instrument")
        with Receiver(telemetry.receive) as receiver:
            setting = Setting(
                EXAMPLES, assets.model, receiver.endpoint, port, folder / "service.log", instance="demo-0"
            )
            with Host(setting) as host:
                player = Player(story, assets, references, overhead, telemetry, host, display)
                player.play(by_hour(assets.flights, story.starts), pace=seconds / USUAL_HOURS)
    if player.last is None:
        message = f"there are no flights from {story.starts:%d %B} on"
        raise Failure(message)
    return Outcome(
        story,
        player.course,
        player.journal,
        assets.baseline,
        references,
        overhead,
        tuple(player.alarmed),
        player.last,
        monotonic() - started,
    )
