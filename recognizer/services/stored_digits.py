"""Stored drawings as labeled digits, for training and for measuring, and the hands they are by."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
from django.db.models import Count, Max
from numpy.typing import ArrayLike, NDArray

from ml.labeled.digits import LabeledDigits, is_held_out
from recognizer.models import CANONICAL_BYTES, Drawing
from recognizer.services.chunks import in_chunks
from recognizer.services.marks import MARK, marks_of

FEW = 10
"""Labels below which a visitor does not count alone, but with all such visitors of a network."""

Row = tuple[uuid.UUID, str, int | None, bytes | memoryview]
"""Id, hand, label and canonical pixels."""


@dataclass(frozen=True, eq=False)
class StoredDigits:
    """Digits, whose groups are hands, and the ids of their drawings."""

    digits: LabeledDigits
    ids: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, chosen: ArrayLike) -> StoredDigits:
        return StoredDigits(self.digits.select(chosen), self.ids[np.asarray(chosen)])

    def taught_to(self, held: LabeledDigits) -> bytes:
        """Return what a lesson keeps of people's drawings whose hands are not held out."""
        trains = ~np.isin(self.digits.groups, held.groups)
        imported = Drawing.objects.trainable().filter(source=Drawing.Source.IMPORT)
        others = marks_of(imported.values_list("pk", flat=True).iterator())
        return np.setdiff1d(marks_of(self.ids[trains]), others).astype(MARK).tobytes()


class Hands:
    """Who gave which label, as far as it can be told.

    A cookie costs nothing, so that one person may be many visitors. Visitors of few labels from one
    network are therefore one hand, together with everybody there who has no cookie.
    """

    def __init__(self) -> None:
        visitors = Drawing.objects.trainable().exclude(visitor=None).order_by()
        counted = visitors.values_list("visitor").annotate(Count("pk"), Max("network"))
        self._by_visitor = {
            visitor: network if network and count < FEW else str(visitor)
            for visitor, count, network in counted
        }

    def name(self, visitor: uuid.UUID | None, network: str) -> str:
        """Return the hand of a label, or an empty text if it is unknown."""
        return self._by_visitor.get(visitor, str(visitor)) if visitor else network


def read_newest_corrections(most: int, *, held_out: bool = False) -> StoredDigits:
    """Return the newest trainable drawings; with ``held_out``, only those that may measure."""
    hands = Hands()
    newest = Drawing.objects.trainable().order_by("-created_at", "-id")
    rows = newest.values_list("pk", "visitor", "network", "label", "canonical").iterator()
    named = (
        (pk, hands.name(visitor, network) or str(pk), label, canonical)
        for pk, visitor, network, label, canonical in rows
        if len(canonical) == CANONICAL_BYTES
    )
    wanted = (row for row in named if not held_out or is_held_out(np.array([row[1]]))[0])
    return as_stored_digits(islice(wanted, most))


def read_pixels(ids: Iterable[uuid.UUID | str]) -> dict[str, bytes]:
    """Return the canonical pixels of drawings by id, of those that may still be learned from."""
    kept = Drawing.objects.trainable().values_list("pk", "canonical")
    rows = (row for some in in_chunks(ids) for row in kept.filter(pk__in=some))
    return {str(pk): bytes(canonical) for pk, canonical in rows}


def as_stored_digits(rows: Iterable[Row]) -> StoredDigits:
    """Put ids, hands, labels and canonical pixels together."""
    ids, hands, labels, pixels = [], [], bytearray(), bytearray()
    for pk, hand, label, canonical in rows:
        assert label is not None  # the rows are of labeled drawings
        ids.append(pk)
        hands.append(hand)
        labels.append(label)
        pixels += canonical
    digits = LabeledDigits(
        np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28),
        np.frombuffer(labels, np.uint8),
        np.array(hands, np.str_),
    )
    return StoredDigits(digits, np.array(ids, object))
