"""Whether a version answers otherwise than in its first thousand drawings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Final

from recognizer.models import DailyCount
from recognizer.services.daily_counts import Sums, add_up

FIRST: Final = 1_000
"""Drawings that a version is compared with: its first ones, up to the end of a day."""
LEAST_NOW: Final = 200
"""With fewer drawings to compare, chance alone comes near the warning."""
MORE: Final = 1.5
"""Times a share of before, from which on not all is as usual."""
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
    """All days after `before`, those before the range too, the oldest first."""

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

    def more_than_usual(self) -> str:
        """Return "unsure" or "refusals" where their share has grown by half, beyond chance."""
        from ml.measuring.shares import wilson  # as above

        parts = {
            "unsure": (sum(self.before.unsure), sum(self.now.unsure)),
            "refusals": (self.before.answers[-1], self.now.answers[-1]),
        }
        for name, (before, now) in parts.items():
            # One more, so that a first refusal ever is not beyond all that was.
            usual = (before + 1) / (self.before.drawn + 1)
            if wilson(now, self.now.drawn)[0] > MORE * usual:
                return name
        return ""

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

    `counts` have all its days, in their order; other versions are passed over.
    """
    own = (one for one in counts if one.model_id == version)
    days = [(day, add_up(rows)) for day, rows in groupby(own, key=lambda one: one.day)]
    before = Sums()
    while days and before.drawn < FIRST:
        before = before + days.pop(0)[1]
    now = sum((sums for day, sums in days if day >= since), Sums())
    return Drift(version, before, now, tuple(days))


def read_earlier(version: int, until: date, **filters: str) -> list[DailyCount]:
    """Return the stored counts of a version of the days before one, by day."""
    days = DailyCount.objects.filter(model=version, day__lt=until, **filters)
    return list(days.order_by("day"))


def _refused(sums: Sums) -> list[int]:
    return [sum(sums.answers[:-1]), sums.answers[-1]]
