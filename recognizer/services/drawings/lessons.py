"""What the active version learned from a visitor, and how it now reads their misread drawings."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np

from ml import pipeline
from recognizer.models import Drawing, Lesson
from recognizer.services.marks import MARK, marks_of
from recognizer.services.versions.registry import active_model

MOST_OWN = 10_000
"""Newest drawings of a visitor among which those that were learned from are counted."""
MOST_READ = 200
"""Newest misread drawings of a visitor that are read again."""


@dataclass(frozen=True)
class Gain:
    """What a version learned, and from whom."""

    model: int
    learned: int
    own: int | None
    misread: int
    mended: int


def measure_gain(visitor: uuid.UUID | None) -> Gain:
    """Count the answers that the active version learned from, and read misread drawings again."""
    model = active_model()
    lesson = Lesson.objects.filter(model=model.version).first()
    drawings = Drawing.objects.of_visitor(visitor).order_by("-created_at", "-id")
    wrong = drawings.trainable().wrong().values_list("label", "canonical")[:MOST_READ]
    misread = [(label, bytes(canonical)) for label, canonical in wrong]
    mended = 0
    if misread:
        pixels = np.frombuffer(b"".join(canonical for _, canonical in misread), np.uint8)
        read = pipeline.predict(model.pipeline, pixels.reshape(-1, 28, 28))
        answers = [one.digit if one.is_digit else pipeline.NOT_A_DIGIT for one in read]
        labels = [label for label, _ in misread]
        mended = sum(answer == label for answer, label in zip(answers, labels, strict=True))
    if lesson is None:  # a bundled version, or one of before lessons were kept
        learned, own = 0, None
    else:
        marks = np.frombuffer(bytes(lesson.drawings), MARK)
        ids = drawings.values_list("pk", flat=True)[:MOST_OWN]
        mine = marks_of(ids)
        places = [np.searchsorted(marks, mine, side) for side in ("left", "right")]
        learned, own = len(marks), int((places[1] - places[0]).sum())
    return Gain(model.version, learned, own, len(misread), mended)
