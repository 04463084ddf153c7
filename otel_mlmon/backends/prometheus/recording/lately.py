"""A share as it is lately, beside what it was just before and what is usual: more than chance makes of it, or not.

Two comparisons, for two questions: above the usual share something is wrong now, however long it has been; above the
hour before it began suddenly, as changes of ours do and the world does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from otel_mlmon.backends.prometheus.recording.share import Share
from otel_mlmon.backends.prometheus.recording.usual import usually
from otel_mlmon.backends.prometheus.rule import Recording
from otel_mlmon.backends.prometheus.windows import BEFORE, LAST_DAY, NOW
from otel_mlmon.backends.promql.expression import HOUR, MINUTE, Expression, Selector, Subquery, call

DEVIATIONS: Final = 4
"""Standard deviations below which a difference is taken for chance: each minute of each series is looked at."""

WORTH_TELLING: Final = 0.01
"""Above the usual share, for a line in the text of another alert."""

MEMORY_STEP: Final = 5 * MINUTE


@frozen
class Lately:
    """A share that is recorded of the last minutes and of the last hour; part and whole have the same labels.

    Attributes
    ----------
    overdispersion
        How many times larger its variance is than that of independent ones.
    """

    share: Share
    overdispersion: float

    @property
    def recent_record(self) -> str:
        """The record of the share of the last minutes, or of the last hour where these have too few rows."""
        return self._record("recent_")

    @property
    def usual_record(self) -> str:
        """The record of the usual share."""
        return self._record("usual_")

    @property
    def excess_record(self) -> str:
        """The record of what the share has more than usual; 0 where chance makes as much."""
        return self._record("excess_")

    def unusual(self, shares: Expression) -> Expression:
        """Keep shares, of more labels maybe, where the whole of them has noticeably more than usual."""
        return shares.where(self.excess().above(WORTH_TELLING), self.share.level.same)

    def recent(self) -> Selector:
        """Select the share of late."""
        return self.share.subject.recorded(self.recent_record)

    def usual(self) -> Selector:
        """Select the usual share."""
        return self.share.subject.recorded(self.usual_record)

    def excess(self) -> Selector:
        """Select what the share has more than usual."""
        return self.share.subject.recorded(self.excess_record)

    def largest_rise(self) -> Expression:
        """Return the largest sudden rise of the last day: an hour after it, the hour before has it, too."""
        rise = self.share.subject.recorded(self._record("rise_of_"))
        return call("max_over_time", Subquery(rise, LAST_DAY, MEMORY_STEP))

    def recordings(self, usual: Expression) -> Iterator[Recording]:
        """Return the rules.

        Parameters
        ----------
        usual
            Where it is not known, a rule has no figure, and nothing is judged.
        """
        same = self.share.level.same
        usually, earlier = self.usual(), self._earlier()
        yield Recording(self.recent_record, self._enough(NOW).otherwise(self._enough(HOUR)))
        yield Recording(self._rows_record, self._rows(NOW).otherwise(self._rows(HOUR)))
        yield Recording(self.usual_record, usual)
        yield Recording(
            self._record("earlier_"),
            self._enough(HOUR, NOW)
            .where(self._rows(NOW), same)
            .otherwise(self._enough(HOUR, BEFORE))
            .otherwise(usually),
            "The hour before; as usual where there is none.",
        )
        once = 1 / self._recent_rows()
        yield self._beyond_chance("excess_", usually, once)
        both = once.plus(1 / self._rows(HOUR, NOW), same).otherwise(once)
        yield self._beyond_chance("rise_of_", earlier, both)

    def _beyond_chance(self, begins: str, reference: Expression, samples: Expression) -> Recording:
        same = self.share.level.same
        factor = DEVIATIONS * math.sqrt(self.overdispersion)
        # Of both shares, for nothing varies by chance around a share of 0.
        middle = self.recent().plus(reference, same) / 2
        chance = call("sqrt", (middle * (1 - middle)).times(samples, same)) * factor
        more = self.recent().minus(reference, same).above(chance, same)
        return Recording(self._record(begins), more.otherwise(self.recent() * 0))

    def _earlier(self) -> Selector:
        return self.share.subject.recorded(self._record("earlier_"))

    def _recent_rows(self) -> Selector:
        return self.share.subject.recorded(self._rows_record)

    def _enough(self, window: int, offset: int = 0) -> Expression:
        return self.share.share(window, offset=offset).where(self._rows(window, offset), self.share.level.same)

    def _rows(self, window: int, offset: int = 0) -> Expression:
        return self.share.total(window, offset=offset).at_least(self.share.subject.alerts.rows)

    @property
    def _rows_record(self) -> str:
        return self.share.level.record(self.share.name, "recent_total")

    def _record(self, begins: str) -> str:
        return self.share.level.record(self.share.name, f"{begins}{self.share.figure}")


def usual_share(share: Share) -> Expression:
    """Return the share that is usual at this hour, where history has enough rows to tell."""

    def before(offset: int) -> Expression:
        enough = share.total(HOUR, offset=offset).at_least(share.subject.alerts.rows)
        return share.share(HOUR, offset=offset).where(enough, share.level.same)

    return usually(before, share.level.same)
