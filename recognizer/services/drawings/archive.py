"""Drawings in bulk: imported from labeled files, and pruned."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from django.db import transaction
from django.utils import timezone

from ml import pipeline
from ml.errors import InvalidDrawing
from ml.labeled import formats
from recognizer.models import Drawing, Import
from recognizer.services.chunks import in_chunks
from recognizer.services.drawings.recognition import (
    Sketch,
    delete_in_chunks,
    new_drawing,
    predict,
    read_sketch,
)
from recognizer.services.drawings.room import check_room
from recognizer.services.retraining.schedule import enqueue_if_due

NAMESPACE = uuid.UUID("5b8f4f0e-6d2c-4a3e-9d3a-0f6f1c5f7a10")
"""Namespace of the ids of imported drawings and writers, which follow from their content."""


@dataclass
class ImportSummary:
    """Counts of an import, and why drawings were refused."""

    total: int = 0
    imported: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)


def import_drawings(
    path: Path, report: Callable[[ImportSummary], None] = lambda summary: None
) -> ImportSummary:
    """Store every drawing of a labeled file as an approved correction; skip known ones.

    The id of a drawing follows from its content and label, so that the same file again, or an
    interrupted import that is started again, adds nothing twice.
    """
    # Read to the end before the first is stored: a file with a bad line adds nothing.
    summary = ImportSummary(total=sum(1 for _ in formats.iter_labeled(path)))
    began = timezone.now()
    came_with = None
    position = 0
    for chunk in in_chunks(formats.iter_labeled(path)):
        sketches: dict[uuid.UUID, tuple[formats.LabeledDrawing, Sketch, datetime]] = {}
        wanted = {_content_id(drawing): drawing for drawing in chunk}
        stored = set(Drawing.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        for pk, drawing in wanted.items():
            # Each has a time of its own: a page of the archive ends between two times.
            position += 1
            if pk in stored:
                continue
            try:
                sketch = read_sketch(
                    image=drawing.image, pixels=drawing.pixels, strokes=drawing.strokes
                )
            except InvalidDrawing as error:
                summary.refused.append(f"{drawing.name}: {error}")
                continue
            sketches[pk] = drawing, sketch, began + timedelta(microseconds=position)
        if sketches and came_with is None:
            came_with = Import.objects.create(name=path.resolve().name[:200], started_at=began)
        _store(sketches, came_with)
        summary.imported += len(sketches)
        summary.known += len(chunk) - len(wanted) + len(stored)
        report(summary)
    if summary.imported:
        enqueue_if_due()
    return summary


def prune_drawings(
    *, older_than: timedelta, unlabeled: bool, rejected: bool, dry_run: bool = False
) -> int:
    """Delete old drawings without an answer, or rejected ones; return how many."""
    old = Drawing.objects.filter(created_at__lt=timezone.now() - older_than)
    pruned = Drawing.objects.none()
    if unlabeled:
        pruned |= old.open()
    if rejected:
        pruned |= old.filter(review=Drawing.Review.REJECTED)
    if dry_run:
        return pruned.count()
    return sum(delete_in_chunks(pruned))


def _store(
    sketches: dict[uuid.UUID, tuple[formats.LabeledDrawing, Sketch, datetime]],
    came_with: Import | None,
) -> None:
    if not sketches:
        return
    check_room()
    version, predictions = predict(np.stack([sketch.digit for _, sketch, _ in sketches.values()]))
    rows = [
        _imported(pk, drawing, sketch, moment, prediction, version, came_with)
        for (pk, (drawing, sketch, moment)), prediction in zip(
            sketches.items(), predictions, strict=True
        )
    ]
    with transaction.atomic():
        Drawing.objects.bulk_create(rows, ignore_conflicts=True)


def _imported(
    pk: uuid.UUID,
    drawing: formats.LabeledDrawing,
    sketch: Sketch,
    moment: datetime,
    prediction: pipeline.Prediction,
    version: int,
    came_with: Import | None,
) -> Drawing:
    return new_drawing(
        sketch,
        prediction,
        version,
        id=pk,
        created_at=moment,
        source=Drawing.Source.IMPORT,
        imported_with=came_with,
        visitor=uuid.uuid5(NAMESPACE, f"writer {drawing.writer}") if drawing.writer else None,
        label=drawing.label,
        feedback_at=moment,
        review=Drawing.Review.APPROVED,
        reviewed_at=moment,
    )


def _content_id(drawing: formats.LabeledDrawing) -> uuid.UUID:
    if drawing.image is not None:
        content = b"image" + drawing.image
    elif drawing.pixels is not None:
        content = f"pixels {drawing.pixels.shape}".encode() + drawing.pixels.tobytes()
    else:
        content = b"strokes" + json.dumps(drawing.strokes).encode()
    return uuid.uuid5(NAMESPACE, f"{drawing.label} {hashlib.sha256(content).hexdigest()}")
