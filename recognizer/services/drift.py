"""Whether a version answers otherwise than in its first thousand drawings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate, groupby
from typing import Final

from recognizer.models import DailyCount
from recognizer.services.daily_counts import Sums, add_up

FIRST: Final = 1_000
"""Drawings that a version is compared with: its first ones, up to the end of a day."""
LEAST_NOW: Final = 200
"""With fewer drawings to compare, chance alone comes near the warning."""
LEAST_A_DAY: Final = 20
NOTABLE, WARNING = 0.1, 0.2
"""Population stability index from which two distributions count as a little, and as different."""


@dataclass(frozen=True)
class Drift:
    """Counts of one version in its first days, and in those that are looked at."""

    version: int
    before: Sums = field(default_factory=Sums)
    now: Sums = field(default_factory=Sums)
    days: tuple[tuple[date, Sums], ...] = ()
    """The days of `now`, the oldest first."""

    @property
    def is_known(self) -> bool:
        """Whether there is enough to compare."""
        return self.before.drawn >= FIRST and self.now.drawn >= LEAST_NOW

    def indexes(self) -> dict[str, float]:
        """Return the stability indexes, the one that matters most first."""
        from ml.measuring.shares import stability_index  # not loaded where digits are only read

        parts = {
            "confidence": (self.before.confidences, self.now.confidences),
            "refusals": (_refused(self.before), _refused(self.now)),
            "digits": (self.before.answers[:-1], self.now.answers[:-1]),
        }
        return {name: stability_index(*pair) for name, pair in parts.items()}

    def less_sure_since(self) -> date | None:
        """Return the day from which on each day has a share of unsure answers above chance."""
        from ml.measuring.shares import wilson  # as above

        since = None
        for day, sums in reversed(self.days):
            if sums.drawn < LEAST_A_DAY:
                continue
            if wilson(sum(sums.unsure), sums.drawn)[0] <= self.before.unsure_share:
                break
            since = day
        return since


def find_drift(version: int, counts: Iterable[DailyCount], since: date) -> Drift:
    """Compare what a version answered since a day with its first drawings.

    `counts` have its first days and those since, by day; other versions are passed over.
    """
    own = (one for one in counts if one.model_id == version)
    days = [(day, add_up(rows)) for day, rows in groupby(own, key=lambda one: one.day)]
    before = Sums()
    while days and before.drawn < FIRST:
        before = before + days.pop(0)[1]
    later = tuple((day, sums) for day, sums in days if day >= since)
    return Drift(version, before, sum((sums for _, sums in later), Sums()), later)


def read_first(version: int, until: date, **filters: str) -> list[DailyCount]:
    """Return the stored counts of a version's first drawings, of days before one, by day."""
    days = DailyCount.objects.filter(model=version, day__lt=until, **filters).order_by("day")
    drawn = list(days.values_list("day", "drawn"))
    totals = zip(drawn, accumulate(count for _, count in drawn), strict=True)
    edge = next((day for (day, _), total in totals if total >= FIRST), until)
    return list(days.filter(day__lte=edge))


def _refused(sums: Sums) -> list[int]:
    return [sum(sums.answers[:-1]), sums.answers[-1]]
