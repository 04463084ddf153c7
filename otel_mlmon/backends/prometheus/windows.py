"""The stretches of time that figures are about, in seconds."""

from __future__ import annotations

from typing import Final

from otel_mlmon.backends.promql.expression import DAY, HOUR, MINUTE, WEEK
from otel_mlmon.backends.promql.text import duration

NOW: Final = 10 * MINUTE
"""What is called now: long enough for ten exports, short enough to page within a quarter of an hour."""

BEFORE: Final = HOUR
"""What is compared with now: the hour that ended when it began."""

LAST_DAY: Final = DAY
LAST_WEEK: Final = WEEK

NOW_NAME: Final = duration(NOW)
HOUR_NAME: Final = duration(HOUR)
DAY_NAME: Final = duration(DAY)
