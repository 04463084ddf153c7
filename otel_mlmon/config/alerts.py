"""What can be configured of the alerts that ``otel-mlmon generate`` writes: a service that runs does not look at it."""

from __future__ import annotations

from typing import Any, Final

from attrs import field, frozen

from otel_mlmon.config.validating import Bounds, MisplacedError, Share

_share = Share()
_some_share = Share(least=None, above=0.0)
_at_least_one = Bounds(least=1)

_FAST: Final = 0.99


def objective(_instance: object, _attribute: object, value: Any) -> None:
    """Take a share that leaves some calls to go wrong: where none may, there is no budget to burn."""
    if not 0.0 < value < 1.0:
        percent = value if 1.0 < value < 100.0 else 99.0
        message = f"{value!r} should be a share above 0 and below 1, such as {percent / 100:g} for {percent:g} %"
        raise ValueError(message)


@frozen
class Objective:
    """What share of a model's answers must be good over 30 days.

    Attributes
    ----------
    good
        Share of answers that are good: neither an error nor a fail of one of ``checks``.
    checks
        Names of the model's own checks whose fails are no good answers: that of a fallback answer, say.
    latency
        Seconds; a call that takes longer is not good. Default: there is no objective of latency.
    fast
        Share of calls that must take less than ``latency``.
    """

    good: float = field(default=0.99, validator=objective)
    checks: tuple[str, ...] = ()
    latency: float | None = field(default=None, validator=Bounds(above=0))
    fast: float = field(default=_FAST, validator=objective)

    def __attrs_post_init__(self) -> None:
        if self.latency is None and self.fast != _FAST:
            message = "says how many calls are fast, and not what that is: give 'latency', in seconds, too"
            raise MisplacedError(message, ("fast",))


@frozen
class Alerts:
    """When a model's alerts fire. What is here can be proposed from history by ``otel-mlmon backtest``.

    Shares are of answers, from 0 to 1. Answers that *lie elsewhere* are those that would have to move to another bucket
    for two distributions to be the same; what sampling noise alone would move is taken off.

    Attributes
    ----------
    rows
        Predictions that a window needs before it is judged.
    overdispersion
        How many times larger the variance of shares is than that of independent predictions: above 1 where the same
        question is asked many times.
    jump
        Share of the last minutes' answers that lie elsewhere than in the hour before: a page.
    segment
        The same of one segment, beyond what the whole model did: a ticket.
    drift
        Share of a day's answers that lie elsewhere than in the baseline and in the last week or day: a ticket.
    class_jump
        By how much one class's share grew against the hour before, and against the usual: a page.
    fails_ratio
        How many times its usual share of fails a check has: a page, where ``fails_points`` is exceeded, too.
    fails_points
        By how much a check's share of fails is above its usual one: a page, where ``fails_ratio`` is exceeded, too.
    inputs
        By how much the share of bad values of a watched column grew: a page.
    traffic
        Share of the calls that are usual at that hour of the week, below which there are too few: a ticket.
    confidence
        By how much the mean confidence fell: a ticket.
    latency_ratio
        How many times that of the hour before the median latency is: a ticket.
    slo
        What share of answers must be good; default: no alert tells how fast the error budget burns.
    off
        Names of alerts that are not generated.
    """

    rows: int = field(default=200, validator=_at_least_one)
    overdispersion: float = field(default=1.0, validator=_at_least_one)
    jump: float = field(default=0.25, validator=_some_share)
    segment: float = field(default=0.3, validator=_some_share)
    drift: float = field(default=0.4, validator=_some_share)
    class_jump: float = field(default=0.15, validator=_some_share)
    fails_ratio: float = field(default=1.5, validator=_at_least_one)
    fails_points: float = field(default=0.02, validator=_share)
    inputs: float = field(default=0.05, validator=_some_share)
    traffic: float = field(default=0.6, validator=_some_share)
    confidence: float = field(default=0.05, validator=_some_share)
    latency_ratio: float = field(default=2.0, validator=Bounds(above=1))
    slo: Objective | None = None
    off: tuple[str, ...] = ()
