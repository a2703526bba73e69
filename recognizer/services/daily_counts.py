"""Counts of drawings by day, source and version, so that a chart need not read the archive.

Stored are the days that were counted once; a day is counted on demand while it is the newest, or
when something changed in it (docs/decisions/daily-counts.md).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest
from time import monotonic
from typing import Any, Final

from django.db import DatabaseError, transaction
from django.db.models import Case, Count, DateField, F, Func, Max, Q, When
from django.db.models.functions import Floor
from django.utils import timezone

from recognizer.models import NO_DIGIT, DailyCount, Drawing, DrawingQuerySet, TouchedDay

BINS = 10
"""Of confidence, from 0 to 1."""
SURE_BINS = 7
"""An answer is unsure in the bins below this one: its confidence is less than 70 %."""
DAY: Final = timedelta(days=1)
SOURCES = [source for source in Drawing.Source.values if source != Drawing.Source.IMPORT]


class DayOf(Func):
    """The day of a time in UTC, which SQLite stores as its first ten letters."""

    output_field = DateField()
    template = "substr(%(expressions)s, 1, 10)"

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        template = "(%(expressions)s AT TIME ZONE 'UTC')::date"
        return self.as_sql(compiler, connection, template=template)


@dataclass
class Sums:
    """Daily counts added up."""

    drawn: int = 0
    waiting: int = 0
    answers: list[int] = field(default_factory=lambda: [0] * (NO_DIGIT + 1))
    unsure: list[int] = field(default_factory=lambda: [0] * (NO_DIGIT + 1))
    confidences: list[int] = field(default_factory=lambda: [0] * BINS)
    confusion: Counter[tuple[int, int]] = field(default_factory=Counter)
    """By label and answer."""

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.drawn + other.drawn,
            self.waiting + other.waiting,
            _add(self.answers, other.answers),
            _add(self.unsure, other.unsure),
            _add(self.confidences, other.confidences),
            self.confusion + other.confusion,
        )

    @property
    def labeled(self) -> int:
        """Answers of people, without those that a reviewer rejected."""
        return self.confusion.total()

    @property
    def right(self) -> int:
        return sum(self.confusion[answer, answer] for answer in range(NO_DIGIT + 1))

    @property
    def unsure_share(self) -> float:
        return sum(self.unsure) / self.drawn if self.drawn else 0.0


def add_up(counts: Iterable[DailyCount]) -> Sums:
    return sum(map(_read, counts), Sums())


def _add(first: list[int], second: list[int]) -> list[int]:
    return [a + b for a, b in zip(first, second, strict=True)]


def _read(one: DailyCount) -> Sums:
    confusion = Counter({(label, answer): count for label, answer, count in one.confusion})
    return Sums(one.drawn, one.waiting, one.answers, one.unsure, one.confidences, confusion)


def read_counts(since: date = date.min, **filters: Any) -> list[DailyCount]:
    """Return the counts from a day on; what is not stored or has changed is counted now.

    `filters` are values of a row's other fields.
    """
    changed = list_changed()
    gone_by = [day for day in changed if day < _today()]
    # Kept are all or none, as days are stored in their order; one costs less than a write.
    if len(gone_by) > 1 and since <= gone_by[0] and _have_news(gone_by):
        with suppress(DatabaseError):  # another keeps them now, or nothing can be written
            _keep(gone_by)
            changed = list_changed()
    changed = [day for day in changed if day >= since]
    stored = DailyCount.objects.filter(day__gte=since, day__lte=_today(), **filters)
    fresh = (
        one
        for one in _count(changed)
        if all(getattr(one, name) == value for name, value in filters.items())
    )
    return sorted([*stored.exclude(day__in=changed), *fresh], key=lambda one: one.day)


def _have_news(days: list[date]) -> bool:
    """Check for marks, and for drawings after the newest stored day, which may be long ago."""
    stored = DailyCount.objects.filter(day=days[0]).exists()
    new = _drawn(days[0] + DAY if stored else days[0], days[-1])
    return TouchedDay.objects.filter(day__in=days).exists() or new.exists()


def keep_counts(seconds: float) -> bool:
    """Count the days that are not stored or have changed, the oldest first, for so many seconds.

    Each day is replaced in one transaction. Return whether all are done. Days to come, which a
    clock that was ahead had counted, are dropped until they have come.
    """
    DailyCount.objects.filter(day__gt=_today()).delete()
    until = monotonic() + seconds
    # Once more the day before the newest: what began before midnight may end after it.
    for day in list_changed(again=DAY):
        if monotonic() > until:
            return False
        _keep([day])
    return True


@transaction.atomic
def _keep(days: list[date]) -> None:
    """Count days and store that; of two who do so at once, the second one fails."""
    # Before the counting: a change that commits meanwhile leaves a mark of its own.
    TouchedDay.objects.filter(day__in=days).delete()
    counts = _count(days)
    DailyCount.objects.filter(day__in=days).delete()
    DailyCount.objects.bulk_create(counts)


def counted_at() -> datetime | None:
    """Return when the worker counted last; now, where there is nothing to count."""
    now = timezone.now()
    times = DailyCount.objects.filter(counted_at__lte=now)  # by a clock that was not ahead
    last: datetime | None = times.aggregate(last=Max("counted_at"))["last"]
    return last if last or Drawing.objects.not_imported().exists() else now


def list_changed(again: timedelta = timedelta()) -> list[date]:
    """Return the days from the newest stored one on, or from the first drawing, and touched ones.

    All before the newest are stored, as they are counted in their order.
    """
    today = _today()
    newest = DailyCount.objects.filter(day__lte=today).aggregate(newest=Max("day"))["newest"]
    first = newest - again if newest else _find_first()
    open_days = (
        (first + DAY * number for number in range((today - first).days + 1)) if first else ()
    )
    touched = TouchedDay.objects.filter(day__lte=today).values_list("day", flat=True)
    return sorted({*open_days, *touched.distinct()})


def _find_first() -> date | None:
    days = Drawing.objects.not_imported().order_by("created_at")
    first: date | None = days.values_list(DayOf("created_at"), flat=True).first()
    return first


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def _drawn(first: date, last: date) -> DrawingQuerySet:
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last))
    drawn = Drawing.objects.not_imported().order_by()
    return drawn.filter(created_at__gte=begin, created_at__lt=end + DAY)


def _count(days: list[date]) -> list[DailyCount]:
    """Count days in one statement for each run of them, which reads an index alone."""
    return [one for first, last in _find_runs(days) for one in _count_run(first, last)]


def _find_runs(days: list[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and last days of each run without a gap."""
    first = None
    for day, following in zip_longest(days, days[1:]):
        first = first or day
        if following != day + DAY:
            yield first, day
            first = None


def _count_run(first: date, last: date) -> list[DailyCount]:
    believed = ~Q(review=Drawing.Review.REJECTED)
    groups = (
        _drawn(first, last)
        .values_list(
            DayOf("created_at"),
            "source",
            "model_id",
            Case(When(is_digit=True, then=F("prediction")), default=NO_DIGIT),
            Case(When(believed, then=F("label"))),
            Floor(F("confidence") * BINS),
        )
        .annotate(
            n=Count("*"),
            waiting=Count("label", filter=Q(review=Drawing.Review.UNREVIEWED)),
        )
    )
    sums: defaultdict[tuple[date, str, int], Sums] = defaultdict(Sums)
    for day, source, version, answer, label, confidence, count, waiting in groups:
        one = sums[day, source, version]
        place = min(int(confidence), BINS - 1)
        one.drawn += count
        one.waiting += waiting
        one.answers[answer] += count
        one.unsure[answer] += count * (place < SURE_BINS)
        one.confidences[place] += count
        if label is not None:
            one.confusion[label, answer] += count
    return [
        DailyCount(
            day=day,
            source=source,
            model_id=version,
            **{
                **vars(one),
                "confusion": [[*pair, count] for pair, count in sorted(one.confusion.items())],
            },
        )
        for (day, source, version), one in sorted(sums.items())
    ]
