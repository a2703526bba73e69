"""Counts of drawings, and how often the answer was right."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django.db.models import Count, F, Q
from django.utils import timezone

from recognizer.models import NO_DIGIT, Drawing, TrainedModel


def count_drawings() -> dict[str, Any]:
    """Count drawings, labels and right answers, in all and by the right answer.

    Imported drawings, which no one here answered for, are left out.
    """
    drawn = Drawing.objects.not_imported().order_by()
    pairs = drawn.values_list("answer", "label").annotate(n=Count("*"))
    predicted: Counter[int] = Counter()
    labeled: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for answer, label, count in pairs:
        predicted[answer] += count
        if label is not None:
            labeled[label] += count
            right[label] += count * (label == answer)

    def counts_of(answer: int) -> dict[str, Any]:
        return {
            "predicted": predicted[answer],
            "labeled": labeled[answer],
            "correct": right[answer],
            "accuracy": _share(right[answer], labeled[answer]),
        }

    active = TrainedModel.objects.active().values_list("version", flat=True).first()
    return {
        "model": active,
        "drawings": predicted.total(),
        "labeled": labeled.total(),
        "correct": right.total(),
        "accuracy": _share(right.total(), labeled.total()),
        "digits": [{"digit": digit, **counts_of(digit)} for digit in range(10)],
        "none": counts_of(NO_DIGIT),
        "month": count_this_month(),
    }


def count_this_month() -> dict[str, Any]:
    """Count what people answered since the month began, and how often the site was right.

    Rejected drawings, whose answers a reviewer does not believe, are left out.
    """
    begin = timezone.localtime().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    answered = Drawing.objects.not_imported().labeled().filter(feedback_at__gte=begin)
    counts: dict[str, Any] = answered.exclude(review=Drawing.Review.REJECTED).aggregate(
        labeled=Count("label"), correct=Count("label", filter=Q(label=F("answer")))
    )
    return {**counts, "accuracy": _share(counts["correct"], counts["labeled"])}


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
