"""The figures of the board: what was drawn, how right it was read, and how sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Final

from django.conf import settings
from django.db.models import Min, Sum
from django.utils import timezone

from recognizer.models import DailyCount, Drawing, TrainedModel
from recognizer.services.daily_counts import Sums, add_up, list_changed, read_counts
from recognizer.services.drift import Drift, find_drift, read_earlier
from recognizer.services.metrics import Traffic, read_traffic
from recognizer.services.retraining.schedule import newly_approved
from recognizer.services.site.counting import resume_counting
from recognizer.services.versions.registry import list_periods

RANGES: Final = (7, 30, 90, None)
"""Days that a board looks back; None: all."""
WEEKS: Final = 13
"""Least weeks of the chart."""
LEAST: Final = 20
"""Answers of a week below which its share is a guess."""


@dataclass(frozen=True)
class Week:
    """The answers of people of one week, and how many say that it was right."""

    begin: date
    labeled: int
    right: int

    @property
    def share(self) -> float:
        return self.right / self.labeled

    @property
    def interval(self) -> tuple[float, float]:
        return interval(self.right, self.labeled)

    @property
    def is_few(self) -> bool:
        return self.labeled < LEAST


@dataclass(frozen=True)
class Queue:
    """Answers that wait for a review."""

    count: int
    suspicious: int
    oldest: date | None


@dataclass(frozen=True)
class Board:
    today: date
    begin: date
    """First day of the range."""
    sums: Sums
    before: Sums
    """Of as many days before the range."""
    weeks: Sequence[Week]
    versions: dict[int, date]
    """First days of the versions that began within the chart."""
    by_source: dict[str, Sums]
    """Of the active version in the range."""
    drift: Drift | None
    queue: Queue
    model: TrainedModel | None
    answers_since: datetime | None
    """When the active version began to answer, where that was kept."""
    approved: int | None
    """Approvals since the last retraining, where RETRAIN_AFTER counts them."""
    traffic: Traffic


def interval(right: int, labeled: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    from ml.measuring.shares import wilson  # not loaded where digits are only read

    return wilson(right, labeled)


def read_board(days: int | None, source: str = "") -> Board:
    """Return the figures of the last days, today included, without imports, or of one source."""
    resume_counting()
    today = timezone.now().astimezone(UTC).date()
    begin = date.min if days is None else today - timedelta(days - 1)
    model = TrainedModel.objects.active().first()
    version = None if model is None else model.version
    periods = [] if version is None else list_periods(version)
    monday = min(begin, today - timedelta(weeks=WEEKS - 1))
    monday -= timedelta(monday.weekday() if days else 0)
    before = date.min if days is None else begin - timedelta(days)
    # What is not counted yet is stored nowhere, so all since then is read.
    since = min(before, monday, *list_changed())
    of_source = {"source": source} if source else {}
    counts = read_counts(since, **of_source)
    recent = [one for one in counts if one.day >= begin]
    shown = [one for one in counts if one.day >= monday]
    return Board(
        today=today,
        begin=begin,
        sums=add_up(recent),
        before=add_up(one for one in counts if before <= one.day < begin),
        weeks=[*_by_week(shown)],
        versions=_find_begins(counts, monday),
        by_source={
            name: add_up(one for one in recent if (one.source, one.model_id) == (name, version))
            for name in {one.source for one in recent}
        },
        drift=None
        if version is None
        else find_drift(version, [*read_earlier(version, since, **of_source), *counts], begin),
        queue=_read_queue(counts, since, of_source),
        model=model,
        answers_since=periods[0][0] if periods else None,
        approved=newly_approved().count() if settings.RETRAIN_AFTER else None,
        traffic=read_traffic(),
    )


def _by_week(counts: Sequence[DailyCount]) -> list[Week]:
    weeks = groupby(counts, key=lambda one: one.day - timedelta(one.day.weekday()))
    sums = ((begin, add_up(rows)) for begin, rows in weeks)
    return [Week(begin, one.labeled, one.right) for begin, one in sums if one.labeled]


def _find_begins(counts: Sequence[DailyCount], since: date) -> dict[int, date]:
    begins: dict[int, date] = {}
    for one in counts:
        begins.setdefault(one.model_id, one.day)
    first = min(begins.values(), default=since)
    return {version: day for version, day in begins.items() if day > first and day >= since}


def _read_queue(counts: Sequence[DailyCount], since: date, of_source: dict[str, str]) -> Queue:
    """Add what waits from days before those that were read, as the worker counted it."""
    older = DailyCount.objects.filter(day__lt=since, waiting__gt=0, **of_source)
    sums = older.aggregate(count=Sum("waiting"), oldest=Min("day"))
    days = [one.day for one in counts if one.waiting]
    return Queue(
        count=(sums["count"] or 0) + sum(one.waiting for one in counts),
        suspicious=Drawing.objects.suspicious().not_imported().filter(**of_source).count(),
        oldest=sums["oldest"] or min(days, default=None),
    )
