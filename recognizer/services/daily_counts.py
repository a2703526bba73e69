"""Counts of drawings by day, source and version, so that a chart need not read the archive.

Stored are the days that were counted once; a day is counted on demand while it is the newest, or
when something changed in it (docs/decisions/daily-counts.md).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any, Final

from django.db import transaction
from django.db.models import Case, Count, F, Max, Q, When
from django.db.models.functions import Floor
from django.utils import timezone

from recognizer.models import NO_DIGIT, DailyCount, Drawing, TouchedDay

BINS = 10
"""Of confidence, from 0 to 1."""
SURE_BINS = 7
"""An answer is unsure in the bins below this one: its confidence is less than 70 %."""
DAY: Final = timedelta(days=1)
SOURCES = [source for source in Drawing.Source.values if source != Drawing.Source.IMPORT]


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
    changed = [day for day in list_changed() if day >= since]
    stored = DailyCount.objects.filter(day__gte=since, day__lte=_today(), **filters)
    fresh = (
        one
        for day in changed
        for one in _count(day)
        if all(getattr(one, name) == value for name, value in filters.items())
    )
    return sorted([*stored.exclude(day__in=changed), *fresh], key=lambda one: one.day)


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
        with transaction.atomic():
            # Before the counting: a change that commits meanwhile leaves a mark of its own.
            TouchedDay.objects.filter(day=day).delete()
            counts = _count(day)
            DailyCount.objects.filter(day=day).delete()
            DailyCount.objects.bulk_create(counts)
    return True


def counted_at() -> datetime | None:
    """Return when the worker counted last; now, where there is nothing to count."""
    now = timezone.now()
    times = DailyCount.objects.filter(counted_at__lte=now)  # by a clock that was not ahead
    last: datetime | None = times.aggregate(last=Max("counted_at"))["last"]
    return last if last or Drawing.objects.filter(source__in=SOURCES).exists() else now


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
    """Return the day of the first drawing, by the index of each source: imports may be many."""
    begins = (
        Drawing.objects.filter(source=source).order_by("created_at").values_list("created_at")[:1]
        for source in SOURCES
    )
    moments = [moment for begin in begins for (moment,) in begin]
    return min(moments).astimezone(UTC).date() if moments else None


def _today() -> date:
    return timezone.now().astimezone(UTC).date()


def _count(day: date) -> list[DailyCount]:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    drawn = Drawing.objects.filter(
        source__in=SOURCES, created_at__gte=begin, created_at__lt=begin + DAY
    )
    believed = ~Q(review=Drawing.Review.REJECTED)
    groups = (
        drawn.order_by()
        .values_list(
            "source",
            "model_id",
            # The column `answer` stands behind the picture, which SQLite would have to pass.
            Case(When(is_digit=True, then=F("prediction")), default=NO_DIGIT),
            Case(When(believed, then=F("label"))),
            Floor(F("confidence") * BINS),
        )
        .annotate(
            n=Count("*"),
            waiting=Count("label", filter=Q(review=Drawing.Review.UNREVIEWED)),
        )
    )
    sums: defaultdict[tuple[str, int], Sums] = defaultdict(Sums)
    for source, version, answer, label, confidence, count, waiting in groups:
        one = sums[source, version]
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
        for (source, version), one in sorted(sums.items())
    ]
