"""Counts of drawings, and how often the answer was right."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, date
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from recognizer.models import NO_DIGIT, Drawing, TrainedModel
from recognizer.services.daily_counts import Sums, add_up, read_counts


def count_drawings() -> dict[str, Any]:
    """Count drawings, labels and right answers, in all and by the right answer.

    By the daily counts: without imported drawings, which no one here answered for, and without the
    answers of rejected ones, which a reviewer does not believe.
    """
    counts = read_counts()
    sums, begin = add_up(counts), _month_begin()
    labeled: Counter[int] = Counter()
    for (label, _answer), count in sums.confusion.items():
        labeled[label] += count

    def counts_of(answer: int) -> dict[str, Any]:
        right = sums.confusion[answer, answer]
        return {
            "predicted": sums.answers[answer],
            "labeled": labeled[answer],
            "correct": right,
            "accuracy": _share(right, labeled[answer]),
        }

    active = TrainedModel.objects.active().values_list("version", flat=True).first()
    return {
        "model": active,
        "drawings": sums.drawn,
        **_count_answers(sums),
        "digits": [{"digit": digit, **counts_of(digit)} for digit in range(10)],
        "none": counts_of(NO_DIGIT),
        "month": _count_answers(add_up(one for one in counts if one.day >= begin)),
    }


def count_this_month() -> dict[str, Any]:
    """Count what people answered for the drawings of this month, and how often it was right."""
    return _count_answers(add_up(read_counts(_month_begin())))


def _month_begin() -> date:
    return timezone.now().astimezone(UTC).date().replace(day=1)


def _count_answers(sums: Sums) -> dict[str, Any]:
    accuracy = _share(sums.right, sums.labeled)
    return {"labeled": sums.labeled, "correct": sums.right, "accuracy": accuracy}


def count_of_visitor(visitor: uuid.UUID | None) -> tuple[int, int, int]:
    """Count a visitor's drawings, and those that were read right and wrong."""
    right, wrong = Q(label=F("answer")), Q(label__isnull=False) & ~Q(label=F("answer"))
    counts = Drawing.objects.of_visitor(visitor).aggregate(
        all=Count("pk"), right=Count("pk", filter=right), wrong=Count("pk", filter=wrong)
    )
    return counts["all"], counts["right"], counts["wrong"]


def count_licensed(visitor: uuid.UUID | None) -> int:
    """Count the drawings that a visitor let be published."""
    return Drawing.objects.of_visitor(visitor).licensed().count()


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
