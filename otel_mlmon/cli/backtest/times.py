"""Times as people write and read them; all of them are UTC, as in Prometheus."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Final

from otel_mlmon.backends.promql.expression import DAY, HOUR, MINUTE
from otel_mlmon.cli.failure import Failure

LEAST_STEP: Final = 15
MOST_STEP: Final = HOUR

_UNITS: Final = {"s": 1, "m": MINUTE, "h": HOUR}


def step(text: str) -> int:
    """Return the seconds of a step: ``90s``, ``5m``.

    Raises
    ------
    Failure
        It is none, or makes no sense here.
    """
    found = re.fullmatch(r"(\d+)([smh])", text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not LEAST_STEP <= seconds <= MOST_STEP:
        message = f"--step {text!r} should be a time from {LEAST_STEP}s to 1h, such as 5m"
        raise Failure(message)
    return seconds


def stretch(text: str) -> tuple[int, int]:
    """Return the ends of ``2026-10-03..2026-10-05``, or of ``2026-10-03T14:00..2026-10-03T18:30``, in unix seconds.

    The day that is named as the end belongs to it.

    Raises
    ------
    Failure
        It is none.
    """
    first, dots, last = text.partition("..")
    try:
        start, end = _moment(first), _moment(last if dots else first)
    except ValueError:
        message = (
            f"--without {text!r} should be days, 2026-10-03..2026-10-05, or times, 2026-10-03T14:00..2026-10-03T18:30"
        )
        raise Failure(message) from None
    if "T" not in (last if dots else first):
        end += timedelta(seconds=DAY - 1)
    if end <= start:
        message = f"--without {text!r} ends before it begins"
        raise Failure(message)
    return int(start.timestamp()), int(end.timestamp())


def moment(seconds: float) -> str:
    """Return a moment to the minute."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M}"


def day(seconds: float) -> str:
    """Return the day of a moment."""
    return moment(seconds).partition(" ")[0]


def length(seconds: float) -> str:
    """Return how long something is: ``2h 05m``, ``1d 3h``."""
    if seconds >= DAY:
        return f"{seconds // DAY:.0f}d {seconds % DAY // HOUR:.0f}h"
    hours, minutes = divmod(round(seconds / MINUTE), 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m"


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text.strip())
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
