"""Drawings in bulk: imported from labeled files, and pruned."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.utils import timezone

from ml import pipeline
from ml.drawing.canonical import Digit
from ml.labeled import formats
from ml.labeled.exported import LabeledDrawing
from recognizer.models import NO_DIGIT, Drawing, DrawingQuerySet, Import
from recognizer.services.chunks import in_chunks
from recognizer.services.drawings.recognition import (
    Sketch,
    copy_archived,
    delete_in_chunks,
    new_drawing,
    predict,
    read_sketch,
)
from recognizer.services.drawings.room import check_room
from recognizer.services.errors import DatasetError, InvalidDrawing, ServiceError
from recognizer.services.retraining.schedule import enqueue_if_due
from recognizer.services.versions.registry import active_model

NAMESPACE = uuid.UUID("5b8f4f0e-6d2c-4a3e-9d3a-0f6f1c5f7a10")
"""Namespace of the ids of imported drawings and writers, which follow from their content."""


LOOKED_AT: Final = 1000
"""Labels of an import, chosen evenly, that the active model is asked about before it begins."""
ENOUGH: Final = 20
"""Fewest of them that say something: a model that reads one in ten otherwise reads a third of 20 so
in one of 400 files."""
DOUBTFUL_SHARE: Final = 1 / 3


class DoubtfulLabels(ServiceError):
    """The active model disagrees with so many labels that they may be another file's."""


@dataclass
class ImportSummary:
    """Counts of an import, and why drawings were refused."""

    total: int = 0
    imported: int = 0
    known: int = 0
    differing: int = 0
    """Those of the known that have another label or review here, and keep it."""
    refused: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    id: int | None = None
    """The import's id, if anything came with it."""


@dataclass
class _Sample:
    """Some labels of a file and their digits, the same for the same file; memory stays bounded."""

    seen: int = 0
    kept: list[tuple[int, Digit, Digit | None]] = field(default_factory=list)
    """Label, digit, and the digit with rows and columns exchanged where the file has pixels."""
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def add(self, drawing: LabeledDrawing) -> None:
        if drawing.label is None or not drawing.is_lesson:
            return
        self.seen += 1
        place = len(self.kept) if self.seen <= LOOKED_AT else int(self.rng.integers(self.seen))
        if place >= LOOKED_AT:
            return
        try:
            digit, turned = _read(drawing).digit, None
            if drawing.pixels is not None:
                turned = _read(_transpose(drawing)).digit
        except InvalidDrawing:
            return
        self.kept[place : place + 1] = [(drawing.label, digit, turned)]

    def check(self) -> None:
        """Raise DoubtfulLabels where the active model reads too many otherwise."""
        n = len(self.kept)
        digits = [digit for _, digit, _ in self.kept]
        if n < ENOUGH or (wrong := self._disagreement(digits)) <= DOUBTFUL_SHARE * n:
            return
        message = (
            f"The active model reads {wrong:,} of {n:,} drawings otherwise than they are labeled, "
            "so nothing is imported."
        )
        turned = [digit for *_, digit in self.kept if digit is not None]
        if len(turned) == n and (left := self._disagreement(turned)) <= DOUBTFUL_SHARE * n:
            message += (
                f" With rows and columns exchanged, as EMNIST has them, it would be {left:,}: "
                "import it with --transpose."
            )
        raise DoubtfulLabels(f"{message} If the labels are right, import it with --force.")

    def _disagreement(self, digits: list[Digit]) -> int:
        answers = pipeline.predict(active_model().pipeline, np.stack(digits))
        return sum(
            (answer.digit if answer.is_digit else NO_DIGIT) != label
            for answer, (label, *_) in zip(answers, self.kept, strict=True)
        )


def import_drawings(
    path: Path,
    report: Callable[[ImportSummary], None] = lambda summary: None,
    *,
    unreviewed: bool = False,
    force: bool = False,
    transpose: bool = False,
) -> ImportSummary:
    """Store every drawing of a labeled file as an approved correction; skip known ones.

    The id of a drawing is that of the export, or follows from its content and label, so that the
    same file again, or an interrupted import that is started again, adds nothing twice. What an
    export says of the review stays, but with `unreviewed` every label waits for a review. Raises
    DoubtfulLabels, unless with `force`, before anything is stored.
    """
    # Read to the end before the first is stored: a file with a bad line adds nothing.
    summary, sample = ImportSummary(), _Sample()
    for chunk in in_chunks(_iter(path, summary.notices.append, transpose=transpose)):
        summary.total += len(chunk)
        wanted = {_id_of(drawing): drawing for drawing in chunk}
        stored = Drawing.objects.filter(pk__in=wanted).values_list("pk", flat=True)
        for pk in wanted.keys() - set(stored) if not force else ():
            sample.add(wanted[pk])
    sample.check()
    began = timezone.now()
    came_with = None
    position = 0
    for chunk in in_chunks(_iter(path, lambda sentence: None, transpose=transpose)):
        stored_rows = Drawing.objects.filter(pk__in=[_id_of(drawing) for drawing in chunk])
        there: dict[uuid.UUID, bytes] = {}
        answers: dict[uuid.UUID, tuple[int | None, str | None]] = {}
        for row in stored_rows.values("pk", "canonical", "label", "review"):
            there[row["pk"]] = bytes(row["canonical"])
            answers[row["pk"]] = row["label"], row["review"]
        came_with = came_with or _find_interrupted(path, stored_rows)
        sketches: dict[uuid.UUID, tuple[LabeledDrawing, Sketch, datetime]] = {}
        for drawing in chunk:
            # Each has a time of its own: a page of the archive ends between two times.
            position += 1
            pk = _id_of(drawing)
            if pk in there and _is_there(drawing, there[pk]):
                summary.known += 1
                summary.differing += _differs(drawing, answers.get(pk))
                continue
            try:
                sketch = _read(drawing)
            except InvalidDrawing as error:
                summary.refused.append(f"{drawing.name}: {error}")
                continue
            if pk not in there:
                sketches[pk] = drawing, sketch, began + timedelta(microseconds=position)
                there[pk] = sketch.digit.tobytes()
                answers[pk] = drawing.label, drawing.review
            elif there[pk] == sketch.digit.tobytes():
                summary.known += 1
                summary.differing += _differs(drawing, answers.get(pk))
            else:
                summary.refused.append(
                    f"{drawing.name}: Its id, {pk}, is that of another drawing here, which stays."
                )
        if sketches:
            came_with = came_with or Import.objects.create(
                name=_name(path), started_at=began, unfinished=True
            )
            _store(sketches, came_with, unreviewed=unreviewed)
        summary.imported += len(sketches)
        summary.id = came_with.pk if came_with else None
        report(summary)
    if came_with is not None:
        Import.objects.filter(pk=came_with.pk).update(unfinished=False)
    if summary.imported:
        enqueue_if_due()
    return summary


def undo_import(pk: int) -> int:
    """Delete all drawings of an import, also those that were reviewed since; return how many."""
    came_with = Import.objects.filter(pk=pk).first()
    if came_with is None:
        raise ServiceError(f"There is no import {pk}.")
    count = sum(delete_in_chunks(Drawing.objects.filter(imported_with=came_with)))
    came_with.delete()
    return count


def _find_interrupted(path: Path, stored: DrawingQuerySet) -> Import | None:
    """Return the import of this file that was interrupted: some of its drawings came with it."""
    unfinished = Import.objects.filter(name=_name(path), unfinished=True)
    return unfinished.filter(pk__in=stored.values("imported_with")).first()


def _differs(drawing: LabeledDrawing, answer: tuple[int | None, str | None] | None) -> bool:
    """Whether a file that says so has another label or review for a stored drawing."""
    if drawing.id is None or answer is None:
        return False
    label, review = answer
    return drawing.label != label or (drawing.review or review) != review


def _name(path: Path) -> str:
    return path.resolve().name[:200]


def _iter(
    path: Path, notify: Callable[[str], None], *, transpose: bool
) -> Iterator[LabeledDrawing]:
    """Iterate over a labeled file; refuse what no export of a site can say."""
    for drawing in formats.iter_labeled(path, notify):
        if drawing.source not in (None, *Drawing.Source.values):
            known = ", ".join(Drawing.Source.values)
            message = f"{drawing.name}: The source is {drawing.source!r:.20}, not one of {known}."
            raise DatasetError(message, path)
        if drawing.review == Drawing.Review.APPROVED and drawing.label is None:
            raise DatasetError(f"{drawing.name}: It is approved, but has no label.", path)
        yield _transpose(drawing) if transpose else drawing


def _transpose(drawing: LabeledDrawing) -> LabeledDrawing:
    """Exchange rows and columns."""
    if drawing.pixels is None:
        raise ServiceError("Only a file of pixels can be transposed, not pictures or strokes.")
    return replace(drawing, pixels=drawing.pixels.T)


def _read(drawing: LabeledDrawing) -> Sketch:
    """Read what a model reads of a drawing; keep strokes and picture of an export as they are."""
    if drawing.pixels is None:
        return read_sketch(
            image=None if drawing.strokes else drawing.image,
            strokes=drawing.strokes,
            pen_width=drawing.pen_width,
        )
    sketch = read_sketch(
        pixels=drawing.pixels, strokes=drawing.strokes, pen_width=drawing.pen_width
    )
    if drawing.image is None:
        return sketch
    return replace(sketch, png=copy_archived(drawing.image))


def _is_there(drawing: LabeledDrawing, stored: bytes) -> bool:
    """Whether a stored drawing of its id is the same; an id that follows from it says so."""
    return drawing.id is None or (drawing.pixels is not None and drawing.pixels.tobytes() == stored)


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
    sketches: dict[uuid.UUID, tuple[LabeledDrawing, Sketch, datetime]],
    came_with: Import,
    *,
    unreviewed: bool,
) -> None:
    check_room()
    version, predictions = predict(np.stack([sketch.digit for _, sketch, _ in sketches.values()]))
    rows = [
        new_drawing(
            sketch,
            prediction,
            version,
            id=pk,
            created_at=drawing.created_at or moment,
            source=Drawing.Source.IMPORT,
            imported_source="" if drawing.source == Drawing.Source.IMPORT else drawing.source or "",
            imported_with=came_with,
            visitor=uuid.uuid5(NAMESPACE, f"writer {drawing.writer}") if drawing.writer else None,
            label=drawing.label,
            feedback_at=None if drawing.label is None else moment,
            **_review_of(drawing, moment, unreviewed=unreviewed),
        )
        for (pk, (drawing, sketch, moment)), prediction in zip(
            sketches.items(), predictions, strict=True
        )
    ]
    with transaction.atomic():
        Drawing.objects.bulk_create(rows, ignore_conflicts=True)


def _review_of(drawing: LabeledDrawing, moment: datetime, *, unreviewed: bool) -> dict[str, Any]:
    """Return the fields of a review; a label that comes without one counts as approved."""
    review = drawing.review or Drawing.Review.APPROVED
    if unreviewed and review == Drawing.Review.APPROVED:
        review = Drawing.Review.UNREVIEWED
    is_reviewed = review != Drawing.Review.UNREVIEWED
    return {"review": review, "reviewed_at": moment if is_reviewed else None}


def _id_of(drawing: LabeledDrawing) -> uuid.UUID:
    """Return the id of an export, or one that follows from content and label."""
    if drawing.id is not None:
        return drawing.id
    if drawing.image is not None:
        content = b"image" + drawing.image
    elif drawing.pixels is not None:
        content = f"pixels {drawing.pixels.shape}".encode() + drawing.pixels.tobytes()
    else:
        content = b"strokes" + json.dumps(drawing.strokes).encode()
    return uuid.uuid5(NAMESPACE, f"{drawing.label} {hashlib.sha256(content).hexdigest()}")
