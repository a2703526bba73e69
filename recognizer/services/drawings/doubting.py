"""What is known near a drawing, and the label check by it: of one answer, or of many at once.

A retraining judges all labels anew (docs/decisions/label-check.md).
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import numpy as np
from django.utils import timezone

from ml.drawing.canonical import CANONICAL_SIZE, Digits
from ml.errors import ArtifactError
from ml.neighbors import Doubts, direction_of, doubt_labels
from ml.pipeline import read_with_hidden
from recognizer.models import ANSWERS, UNSUSPICIOUS, Drawing, DrawingQuerySet
from recognizer.services.chunks import in_chunks
from recognizer.services.drawings.remembering import Known, know
from recognizer.services.versions.registry import ActiveModel, NoModel, active_model

EACH = 100
"""Drawings of each answer that a process knows, the latest approved ones; 3 MB in all."""
READ_AGAIN_AFTER_SECONDS = 60
LEARNED_AT_ONCE = 10
"""Drawings that one answer waits for until they are known; 1 ms of processor time."""

LEARNED_FOR_DESK = 100
"""The same for cards of the desk, which are fetched ahead."""


@dataclass
class _Memory:
    """What this process knows, for the version that answers."""

    model: ActiveModel | None = None
    rows: list[Any] = field(default_factory=list)
    known: Known | None = None
    read_at: float = 0.0


_memory = _Memory()
_recalling = threading.Lock()


def doubt_answer(drawing: Drawing, label: int) -> dict[str, Any]:
    """Return the values of the label check's fields for a drawing that is answered."""
    doubts = _doubt([bytes(drawing.canonical)], [label], LEARNED_AT_ONCE)
    if doubts is None or not doubts.contradicted[0]:
        return UNSUSPICIOUS
    return _mark(doubts, 0)


def mark_doubtful(drawings: DrawingQuerySet) -> int:
    """Check the labels of unreviewed drawings, and mark those that look wrong; return how many.

    A mark that there was stays: it may be of a retraining, which has seen more.
    """
    unchecked = drawings.unreviewed().filter(suspicious_at=None).order_by()
    marked = 0
    for rows in in_chunks(list(unchecked.values_list("pk", "label", "canonical"))):
        ids, labels, canonicals = zip(*rows, strict=True)
        doubts = _doubt([bytes(canonical) for canonical in canonicals], list(labels), None)
        if doubts is None:
            break
        for place in np.flatnonzero(doubts.contradicted):
            same = unchecked.filter(pk=ids[place], label=labels[place])
            marked += same.update(**_mark(doubts, int(place)))
    return marked


def find_nearest(canonicals: list[bytes], count: int) -> list[list[tuple[bytes, int]]]:
    """Return pixels and label of the known drawings that are nearest to each drawing."""
    with suppress(NoModel, ArtifactError):
        model = active_model()
        known = _recall(model, LEARNED_FOR_DESK)
        hidden = read_with_hidden(model.pipeline, _as_images(canonicals))[1]
        if known is not None and hidden is not None:
            nearness = direction_of(hidden) @ known.memory.directions.T  # (n, m) cosines
            orders = np.argsort(-nearness, axis=1)[:, : count + 1]  # one may be the drawing itself
            return [
                [
                    (known.canonicals[place], int(known.memory.labels[place]))
                    for place in order
                    if known.canonicals[place] != canonical
                ][:count]
                for order, canonical in zip(orders, canonicals, strict=True)
            ]
    return [[] for _ in canonicals]


def _mark(doubts: Doubts, place: int) -> dict[str, Any]:
    return {
        "suspicious_at": timezone.now(),
        "suspected_digit": int(doubts.digits[place]),
        "suspected_share": min(float(doubts.shares[place]), 1.0),
    }


def _doubt(canonicals: list[bytes], labels: list[int], most_new: int | None) -> Doubts | None:
    """Check labels; None without a model, or with one that has no hidden layer of ours."""
    with suppress(NoModel, ArtifactError):
        model = active_model()
        reading, hidden = read_with_hidden(model.pipeline, _as_images(canonicals))
        if hidden is not None:
            known = _recall(model, most_new)
            memory = None if known is None else known.memory
            return doubt_labels(reading, hidden, np.array(labels, np.uint8), memory)
    return None


def _as_images(canonicals: list[bytes]) -> Digits:
    images = np.frombuffer(b"".join(canonicals), np.uint8)
    return images.reshape(-1, CANONICAL_SIZE, CANONICAL_SIZE)


def _recall(model: ActiveModel, most_new: int | None) -> Known | None:
    """Return what is known, read again now and then, and before many are checked."""
    with _recalling:
        if _memory.model is not model:
            _memory.model, _memory.known, _memory.read_at = model, None, float("-inf")
        now = time.monotonic()
        if most_new is None or now >= _memory.read_at + READ_AGAIN_AFTER_SECONDS:
            # In turn, so that a part of them has some of each answer.
            by_turns = zip_longest(*(_latest(label) for label, _ in ANSWERS))
            _memory.rows = [row for turn in by_turns for row in turn if row is not None]
            _memory.read_at = now
        elif len(_memory.rows) == (len(_memory.known.ids) if _memory.known else 0):
            return _memory.known
        _memory.known = know(_memory.rows, model, _memory.known, most_new=most_new)
        return _memory.known


def _latest(label: int) -> list[Any]:
    approved = Drawing.objects.filter(review=Drawing.Review.APPROVED, label=label)
    newest = approved.order_by("-reviewed_at", "-id")
    return list(newest.values_list("pk", "label", "canonical")[:EACH])
