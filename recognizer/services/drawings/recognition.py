"""One drawing: read, stored, answered, deleted."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import BoundedSemaphore, Lock
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from PIL import Image

from ml import pipeline
from ml.drawing import canonical, pictures
from ml.drawing.decorations import Decoration
from ml.drawing.ink import Ink
from ml.drawing.pictures import MAX_IMAGE_BYTES as MAX_IMAGE_BYTES
from ml.drawing.strokes import draw_png, find_drawn, parse_strokes, thin_strokes
from ml.errors import ArtifactError
from ml.pipeline import Prediction as Prediction
from recognizer.models import UNSUSPICIOUS, Drawing, DrawingQuerySet, Withdrawal
from recognizer.services.chunks import CHUNK
from recognizer.services.drawings.doubting import doubt_answer
from recognizer.services.drawings.remembering import answer_personally
from recognizer.services.drawings.room import check_room
from recognizer.services.errors import InvalidImage, ServiceError
from recognizer.services.inserting import find_row, insert, insert_if_new, insert_or_overwrite
from recognizer.services.metrics import count_feedback, count_predictions
from recognizer.services.versions.registry import NoModel, active_model

ARCHIVED_SIDE = 280
"""Longest side, in pixels, of an archived picture."""
MARGIN = 0.15
"""Margin of an archived picture, as a share of the ink's longer side, if it fits."""


READING = [
    "prediction",
    "is_digit",
    "confidence",
    "strangeness",
    "probabilities",
    "model_id",
    "canonical",
    "image",
    "strokes",
    "pen_width",
    "source",
    "license",
]
"""Fields that another reading of the same drawing changes."""
KEPT = [
    field.attname
    for field in Drawing._meta.local_concrete_fields
    if field.attname not in {"id", "answer", *READING}
]


LONGEST_WAIT_SECONDS = 2
"""How long a large picture waits for others of the same process."""
MOST_WAITING = 2
"""How many wait; each holds a thread that somebody with a small drawing could use."""
ON_ITS_WAY = timedelta(minutes=1)
"""After the license was taken back, a drawing that comes with it may have been sent before."""
PIXELS_A_UNIT, POINTS_A_UNIT = 250_000, 200
"""What takes as long to read as an ordinary drawing."""
_one_large = Lock()
_admitted = BoundedSemaphore(1 + MOST_WAITING)


class Busy(ServiceError):
    """Other large pictures are being read; this one was not."""


class IdTaken(ServiceError):
    """The requested id is in use. By whom is not revealed, so that ids cannot be probed."""


@dataclass(frozen=True)
class Recognized:
    """A drawing that was read and kept, and whether its row is new."""

    drawing: Drawing
    is_new: bool


@dataclass(frozen=True)
class Sketch:
    """A drawing that was read: the canonical digit and what the archive stores."""

    digit: canonical.Digit
    png: bytes
    strokes: list[list[list[float]]] | None
    pen_width: float | None
    found: pictures.Box | None = None
    set_aside: Sequence[Decoration] = ()
    """What decorates the digit and was not read."""


@contextmanager
def alone(*, is_large: bool) -> Iterator[None]:
    """Let a process do one large piece of work at a time, so that its memory stays that of one."""
    if not is_large:
        yield
        return
    refusal = Busy("Other large pictures are being read; send this one again, or a smaller one.")
    if not _admitted.acquire(blocking=False):
        raise refusal
    try:
        if not _one_large.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise refusal
        try:
            yield
        finally:
            _one_large.release()
    finally:
        _admitted.release()


def count_units(image: bytes | None = None, strokes: object = None) -> int:
    """Estimate the work of reading a drawing, beyond that of an ordinary one, in such ones."""
    units = 0 if image is None else pictures.count_pixels(image) // PIXELS_A_UNIT
    if isinstance(strokes, list):
        lengths = (len(stroke) for stroke in strokes if isinstance(stroke, list))
        units += sum(lengths) // POINTS_A_UNIT
    return units


def read_sketch(
    *,
    image: bytes | None = None,
    strokes: object | None = None,
    pixels: object | None = None,
    pen_width: float | None = None,
    box: tuple[float, float, float, float] | None = None,
) -> Sketch:
    """Read one drawing, given as an encoded picture, as strokes or as pixels.

    Of a picture with a `box`, only the part inside of it is read. Strokes that accompany a picture
    are checked and kept; the picture is what is read.
    """
    parsed = None if strokes is None else thin_strokes(parse_strokes(strokes))
    with alone(is_large=image is not None and pictures.is_large(image)):
        found = None
        if image is not None:
            place = pictures.find_ink(image, box)
            found = place.box
        elif pixels is not None:
            place = pictures.find_in_pixels(pixels)  # type: ignore[arg-type]
        elif parsed is not None:
            drawn = find_drawn(parsed)
            png = draw_png(parsed, pen_width)
            digit = canonical.canonical_digit(drawn.ink)
            return Sketch(digit, png, parsed, pen_width, set_aside=drawn.set_aside)
        else:
            raise TypeError("A drawing is an image, strokes or pixels.")
        digit = canonical.canonical_digit(place.ink)
        return Sketch(digit, _archive_png(place.ink), parsed, pen_width, found, place.set_aside)


def recognize(
    *,
    image: bytes | None = None,
    strokes: object | None = None,
    pixels: object | None = None,
    pen_width: float | None = None,
    box: tuple[float, float, float, float] | None = None,
    visitor: uuid.UUID | None = None,
    network: str = "",
    source: str = Drawing.Source.API,
    license: str = "",
    id: uuid.UUID | None = None,
    personal: bool = False,
) -> Recognized:
    """Read a drawing and keep it with its prediction.

    What is stored is the model's own answer; with `personal`, the drawing has that of the visitor's
    memory beside it.

    Under an id that the caller chose, the same digit can be sent as often as it takes: however
    often it arrives, it has one row (docs/decisions/one-row-per-digit.md).
    """
    check_room()
    sketch = read_sketch(image=image, strokes=strokes, pixels=pixels, pen_width=pen_width, box=box)
    model = active_model()
    prediction, hidden = pipeline.predict_with_hidden(model.pipeline, sketch.digit)
    count_predictions([prediction], model.version)
    drawing = new_drawing(
        sketch,
        prediction,
        model.version,
        visitor=visitor,
        network=network,
        source=source,
        license=license,
    )
    if id is None:
        insert(drawing)
        recognized = Recognized(drawing, is_new=True)
    else:
        drawing.pk = id
        recognized = _keep_under_its_id(drawing)
    if license:
        _heed_withdrawal(recognized.drawing)
    recognized.drawing.found = sketch.found
    recognized.drawing.set_aside = sketch.set_aside
    if personal and visitor is not None and hidden is not None:
        recognized.drawing.personal = answer_personally(visitor, prediction, hidden, model)
    return recognized


def read_again(drawing: Drawing, visitor: uuid.UUID | None) -> None:
    """Ask the visitor's memory about a stored drawing, as after an answer to it.

    The answer is stored already, so that a site without a model does not refuse it.
    """
    if visitor is None:
        return
    with suppress(NoModel, ArtifactError):
        model = active_model()
        digit = canonical_digit_of(drawing)
        prediction, hidden = pipeline.predict_with_hidden(model.pipeline, digit)
        if hidden is not None:
            drawing.personal = answer_personally(visitor, prediction, hidden, model)


def is_kept(pk: uuid.UUID, visitor: uuid.UUID | None) -> bool:
    """Check whether a visitor has a drawing of this id."""
    row = find_row(pk, ("visitor", "source"))
    return bool(row) and row["visitor"] == visitor and row["source"] != Drawing.Source.IMPORT


def _keep_under_its_id(drawing: Drawing) -> Recognized:
    """Insert a row, or overwrite the author's open row of the same id."""
    if insert_if_new(drawing):
        return Recognized(drawing, is_new=True)
    if not insert_or_overwrite(drawing, READING):
        # It is answered or another visitor's.
        own = Drawing.objects.filter(pk=drawing.pk, visitor=drawing.visitor).not_imported()
        stored = own.first()
        if stored is None or not _is_same(stored, drawing):
            raise IdTaken("This id cannot be used; choose another one.")
        if stored.license and stored.license != drawing.license:
            own.update(license="")
            stored.license = ""
        return Recognized(stored, is_new=False)
    kept = find_row(drawing.pk, (*KEPT, "license"))  # none if it was deleted at once
    # New after all, if the row that was there before was deleted meanwhile.
    is_new = kept.get("created_at", drawing.created_at) == drawing.created_at
    for name, value in kept.items():
        setattr(drawing, name, value)
    return Recognized(drawing, is_new)


def _is_same(stored: Drawing, drawing: Drawing) -> bool:
    """Check whether two drawings have the same ink."""
    return bytes(stored.image) == drawing.image and stored.strokes == drawing.strokes


def predict(digits: canonical.Digits) -> tuple[int, list[pipeline.Prediction]]:
    """Read many canonical digits at once; return the version that answered, and its predictions."""
    model = active_model()
    predictions = pipeline.predict(model.pipeline, digits)
    count_predictions(predictions, model.version)
    return model.version, predictions


def new_drawing(
    sketch: Sketch, prediction: pipeline.Prediction, version: int, **values: Any
) -> Drawing:
    """Return an unsaved drawing of a sketch and its prediction."""
    return Drawing(
        prediction=prediction.digit,
        is_digit=prediction.is_digit,
        confidence=round(prediction.confidence, 6),
        strangeness=round(prediction.strangeness, 6),
        probabilities=[round(share, 6) for share in prediction.probabilities],
        model_id=version,
        canonical=sketch.digit.tobytes(),
        image=sketch.png,
        strokes=sketch.strokes,
        pen_width=sketch.pen_width,
        **values,
    )


def give_feedback(drawing: Drawing, *, label: int | None) -> Drawing:
    """Record what it was, a digit or none, or withdraw that; the same again changes nothing.

    An approval was for the label before, so it falls with it; a rejection stays.
    """
    # Before the lock, which others wait for.
    mark = UNSUSPICIOUS if label is None else doubt_answer(drawing, label)
    with transaction.atomic():
        drawing = Drawing.objects.select_for_update(of=("self",)).get(pk=drawing.pk)
        if drawing.label == label:
            return drawing
        drawing.label = label
        now = timezone.now()
        drawing.feedback_at = None if label is None else now
        if label is None:
            drawing.changed_at = now
        if drawing.review == Drawing.Review.APPROVED:
            drawing.review = Drawing.Review.UNREVIEWED
            drawing.reviewer = drawing.reviewed_at = None
        drawing.confirmed = False
        is_rejected = drawing.review == Drawing.Review.REJECTED
        for name, value in (UNSUSPICIOUS if is_rejected else mark).items():
            setattr(drawing, name, value)
        changed = ["label", "feedback_at", "changed_at", "confirmed"]
        changed += ["review", "reviewer", "reviewed_at"]
        drawing.save(update_fields=[*changed, *UNSUSPICIOUS])
    if drawing.correct is not None:
        count_feedback(drawing.model_id, is_right=drawing.correct)
    return drawing


def withdraw_license(visitor: uuid.UUID | None) -> int:
    """Take back that a visitor's drawings may be published; return how many.

    Noted first: a request that stores a licensed drawing looks for the note afterwards, so that
    either sees the other.
    """
    if visitor is None:
        return 0
    now = timezone.now()
    Withdrawal.objects.filter(at__lt=now - ON_ITS_WAY).delete()
    Withdrawal.objects.update_or_create(visitor=visitor, defaults={"at": now})
    return Drawing.objects.of_visitor(visitor).licensed().update(license="")


def _heed_withdrawal(drawing: Drawing) -> None:
    """Drop the license of a drawing that may have been on its way when it was taken back."""
    recent = Withdrawal.objects.filter(at__gt=timezone.now() - ON_ITS_WAY)
    if drawing.license and drawing.visitor and recent.filter(pk=drawing.visitor).exists():
        Drawing.objects.filter(pk=drawing.pk).update(license="")
        drawing.license = ""


def delete_drawing(drawing: Drawing) -> None:
    _delete(Drawing.objects.filter(pk=drawing.pk))


def delete_own_drawings(drawings: DrawingQuerySet, visitor: uuid.UUID | None) -> int:
    """Delete those of the drawings that belong to the visitor; return how many."""
    own = drawings.of_visitor(visitor).not_imported()
    return sum(delete_in_chunks(own))


def delete_in_chunks(drawings: DrawingQuerySet) -> Iterator[int]:
    """Delete a few at a time, so that other requests do not wait long for the database."""
    while ids := list(drawings.order_by().values_list("pk", flat=True)[:CHUNK]):
        # Filtered again: a drawing that was answered meanwhile may not be one of them any more.
        yield _delete(drawings.filter(pk__in=ids))


def _delete(drawings: DrawingQuerySet) -> int:
    """Delete drawings with their decisions, also with one that is just being taken."""
    with transaction.atomic():
        locked = drawings.order_by("pk").select_for_update(of=("self",))
        # Django reads what it deletes for the sake of the decisions; pictures it need not.
        ids = list(locked.values_list("pk", flat=True))
        return Drawing.objects.filter(pk__in=ids).only("pk").delete()[1].get(Drawing._meta.label, 0)


def canonical_digit_of(drawing: Drawing) -> canonical.Digit:
    """Return the 28x28 digit that the model saw: (28, 28) uint8, ink 255 on 0."""
    return np.frombuffer(bytes(drawing.canonical), np.uint8).reshape(28, 28)


def canonical_png(drawing: Drawing) -> bytes:
    """Return that digit as a PNG, white ink on black."""
    return png_of_canonical(bytes(drawing.canonical))


def png_of_canonical(pixels: bytes) -> bytes:
    return pictures.encode_png(np.frombuffer(pixels, np.uint8).reshape(28, 28))


def copy_archived(png: bytes) -> bytes:
    """Return the picture of another archive, encoded again: what its file hides stays out."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            if picture.mode == "L" and max(picture.size) <= ARCHIVED_SIDE:
                return pictures.encode_png(np.asarray(picture))
    except pictures.DECODER_ERRORS:
        pass
    raise InvalidImage(f"The picture is not a gray PNG of at most {ARCHIVED_SIDE} pixels a side.")


def _archive_png(ink: Ink) -> bytes:
    """Return the ink dark on a white square, without background or camera data."""
    height, width = ink.shape
    longer = max(height, width)
    side = round(longer * (1 + 2 * MARGIN))
    if longer <= ARCHIVED_SIDE:  # a narrower margin rather than other pixels
        side = min(side, ARCHIVED_SIDE)
    top, left = (side - height) // 2, (side - width) // 2
    page = np.full((side, side), 255, np.uint8)
    page[top : top + height, left : left + width] = np.rint(255 - 255 * ink)
    if side > ARCHIVED_SIDE:
        picture = Image.fromarray(page)
        picture.thumbnail((ARCHIVED_SIDE, ARCHIVED_SIDE))
        page = np.asarray(picture)
    return pictures.encode_png(page)
