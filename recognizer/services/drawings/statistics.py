"""Counts of drawings, and how often the answer was right."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count

from recognizer.models import Drawing, TrainedModel


def count_drawings() -> dict[str, Any]:
    """Count drawings, answers and right answers, in all and by the right digit."""
    pairs = Drawing.objects.order_by().values_list("prediction", "label").annotate(n=Count("*"))
    predicted: Counter[int] = Counter()
    labeled: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for prediction, label, count in pairs:
        predicted[prediction] += count
        if label is not None:
            labeled[label] += count
            right[label] += count * (label == prediction)
    active = TrainedModel.objects.active().values_list("version", flat=True).first()
    return {
        "model": active,
        "drawings": predicted.total(),
        "labeled": labeled.total(),
        "correct": right.total(),
        "accuracy": _share(right.total(), labeled.total()),
        "digits": [
            {
                "digit": digit,
                "predicted": predicted[digit],
                "labeled": labeled[digit],
                "correct": right[digit],
                "accuracy": _share(right[digit], labeled[digit]),
            }
            for digit in range(10)
        ],
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
