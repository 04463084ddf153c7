"""What happens to a service in the test of an alert, and when the alert must fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from otel_mlmon.backends.prometheus.rule import Alert
from otel_mlmon.backends.prometheus.unit_tests.traffic import Change
from otel_mlmon.backends.prometheus.windows import LAST_WEEK
from otel_mlmon.backends.promql.expression import DAY, HOUR, MINUTE


@frozen
class Clock:
    """When all incidents of a file begin, and when rules are evaluated: rarely, so that it is soon done.

    Attributes
    ----------
    evaluation, sample
        Seconds between two evaluations, and two samples.
    last_week
        Seconds of usual traffic, a week before it begins again; nothing lies between.
    begin
        Second at which the incidents begin.
    """

    evaluation: int
    sample: int
    last_week: int
    begin: int

    @property
    def start(self) -> int:
        """Second at which the usual traffic before the incidents begins."""
        return LAST_WEEK if self.last_week else 0

    def after(self, seconds: int) -> int:
        """Return the second of the evaluation but one after an incident was so long."""
        return self.begin + (-(-seconds // self.evaluation) + 1) * self.evaluation


MINUTES: Final = Clock(evaluation=5 * MINUTE, sample=MINUTE, last_week=0, begin=2 * HOUR)
HOURS: Final = Clock(HOUR, 5 * MINUTE, last_week=2 * DAY + 8 * HOUR, begin=LAST_WEEK + DAY + 2 * HOUR)


@frozen
class Incident:
    """Usual traffic, and then something else.

    Attributes
    ----------
    story
        Ends the sentence "it fires when".
    metrics
        That the alert looks at; others would only make the file long.
    changes
        Of the traffic, each after so many seconds of the one before; the last one stays.
    where
        Labels of what it is about, besides the model's.
    window
        Seconds after which what the alert looks at is full of it.
    before
        Seconds for which there is usual traffic before; None: from the clock's start on.
    """

    story: str
    metrics: tuple[str, ...]
    changes: tuple[Change, ...]
    where: Mapping[str, str]
    clock: Clock = MINUTES
    window: int = 10 * MINUTE
    step: int = HOUR
    before: int | None = None

    def fires(self, alert: Alert) -> int:
        """Return the second at which an alert must fire."""
        slowly = self.step * (len(self.changes) - 1)
        return self.clock.after(slowly + self.window + alert.wait) + self.clock.evaluation
