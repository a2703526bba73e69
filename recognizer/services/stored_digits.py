"""Stored drawings as labeled digits, for training and for measuring."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from itertools import islice

import numpy as np

from ml.labeled.digits import LabeledDigits, is_held_out
from recognizer.models import CANONICAL_BYTES, Drawing

Row = tuple[uuid.UUID, int | None, bytes | memoryview]
"""Id, label and canonical pixels."""


def read_newest_corrections(most: int, *, held_out: bool = False) -> LabeledDigits:
    """Return the newest trainable drawings; with ``held_out``, only those that measure."""
    newest = Drawing.objects.trainable().order_by("-created_at", "-id")
    rows = newest.values_list("pk", "label", "canonical").iterator()
    wanted = (
        (pk, label, canonical)
        for pk, label, canonical in rows
        if len(canonical) == CANONICAL_BYTES
        and not (held_out and not is_held_out(np.array([str(pk)]))[0])
    )
    return as_labeled_digits(islice(wanted, most))


def as_labeled_digits(rows: Iterable[Row]) -> LabeledDigits:
    """Put ids, labels and canonical pixels together; each drawing is a group of its own.

    A hash of its id decides once and for all whether a drawing trains or measures.
    """
    names, labels, pixels = [], bytearray(), bytearray()
    for pk, label, canonical in rows:
        assert label is not None  # the rows are of labeled drawings
        names.append(str(pk))
        labels.append(label)
        pixels += canonical
    return LabeledDigits(
        np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28),
        np.frombuffer(labels, np.uint8),
        np.array(names, np.str_),
    )
