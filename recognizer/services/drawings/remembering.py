"""What a visitor's own answers change at once: a memory for each visitor, beside the model."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from ml.drawing.canonical import CANONICAL_SIZE
from ml.neighbors import Memory, ask_memory, direction_of
from ml.pipeline import Prediction, hidden_layer
from recognizer.models import Drawing
from recognizer.services.versions.registry import ActiveModel

MOST = 200
"""Drawings of a visitor that are remembered, the latest answered ones."""
VISITORS = 64
"""Visitors whose memory a process keeps ready; 400 kB each at most."""

State = tuple[int, datetime | str | None]
"""How many drawings a visitor answered, and when last: changes with every answer and deletion."""
LOOK = (
    "SELECT COUNT(*), MAX(feedback_at) FROM recognizer_drawing "
    "WHERE visitor = %s AND remembered AND label IS NOT NULL AND review <> 'rejected'"
)
"""Asks for the state of `remembered_of`; the ORM takes ten times as long to write it."""


@dataclass(frozen=True)
class Personal:
    """The answer that a visitor's memory gives, and what decided it."""

    prediction: int
    is_digit: bool
    confidence: float
    strangeness: float
    probabilities: list[float]
    share: float
    remembered: int
    drawings: list[uuid.UUID]

    @property
    def digit(self) -> int:
        """The likeliest digit, by the name that the model's own answer has for it."""
        return self.prediction


@dataclass(frozen=True)
class Known:
    """Drawings whose answer is known, with their hidden layers."""

    ids: list[uuid.UUID]
    canonicals: list[bytes]
    memory: Memory


_ready: OrderedDict[tuple[uuid.UUID, int, str], tuple[State, Known]] = OrderedDict()
_lock = threading.Lock()


def answer_personally(
    visitor: uuid.UUID, prediction: Prediction, hidden: Any, model: ActiveModel
) -> Personal | None:
    """Return what the visitor's memory makes of an answer; None without a memory."""
    known = _recall(visitor, model)
    if known is None:
        return None
    personal = ask_memory(prediction, hidden, known.memory)
    mixed = personal.prediction
    return Personal(
        prediction=mixed.digit,
        is_digit=mixed.is_digit,
        confidence=round(mixed.confidence, 6),
        strangeness=round(mixed.strangeness, 6),
        probabilities=[round(share, 6) for share in mixed.probabilities],
        share=round(personal.share, 6),
        remembered=len(known.ids),
        drawings=[known.ids[index] for index in personal.deciding],
    )


def forget(visitor: uuid.UUID | None) -> int:
    """Forget what a visitor answered so far, and keep the drawings; return how many."""
    return Drawing.objects.remembered_of(visitor).update(remembered=False)


def _recall(visitor: uuid.UUID, model: ActiveModel) -> Known | None:
    """Return a visitor's memory, renewed if an answer has changed; one short query checks that."""
    with connection.cursor() as cursor:
        cursor.execute(
            LOOK, [Drawing._meta.get_field("visitor").get_db_prep_value(visitor, connection)]
        )
        state: State = cursor.fetchone()
    key = visitor, model.version, model.sha256
    with _lock:
        before, known = _ready.get(key, (None, None))
        if known is not None and before == state:
            _ready.move_to_end(key)
            return known
    if not state[0]:
        return None
    latest = Drawing.objects.remembered_of(visitor).order_by("-feedback_at", "-id")
    rows = latest.values_list("pk", "label", "canonical")[:MOST]
    renewed = know(list(rows), model, known)
    if renewed is None:
        return None
    with _lock:
        _ready[key] = state, renewed
        _ready.move_to_end(key)
        while len(_ready) > VISITORS:
            _ready.popitem(last=False)
    return renewed


def know(
    rows: list[tuple[uuid.UUID, int | None, bytes | memoryview]],
    model: ActiveModel,
    known: Known | None,
    *,
    most_new: int | None = None,
) -> Known | None:
    """Compute the hidden layers of labeled drawings that are not known yet.

    With `most_new`, those beyond so many wait for the next time; None if there are no drawings.
    """
    # By the pixels, not by the id: a drawing whose answer was withdrawn may be drawn on.
    canonicals = [bytes(canonical) for _, _, canonical in rows]
    directions = dict(zip(known.canonicals, known.memory.directions, strict=True)) if known else {}
    new = [pixels for pixels in canonicals if pixels not in directions][:most_new]
    if new:
        digits = np.frombuffer(b"".join(new), np.uint8).reshape(-1, CANONICAL_SIZE**2)
        hidden = hidden_layer(model.pipeline, digits)
        directions |= dict(zip(new, direction_of(hidden), strict=True))
    chosen = [place for place, pixels in enumerate(canonicals) if pixels in directions]
    if not chosen:
        return None
    return Known(
        [rows[place][0] for place in chosen],
        [canonicals[place] for place in chosen],
        Memory(
            np.stack([directions[canonicals[place]] for place in chosen]),
            np.array([rows[place][1] for place in chosen], np.uint8),
        ),
    )
