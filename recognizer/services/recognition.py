"""A drawing comes in and is read, kept, and later answered for."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from PIL import Image

from ml import pipeline, preprocessing
from ml import strokes as strokes_module
from recognizer.models import UNSUSPICIOUS, Drawing
from recognizer.services.registry import active_model

ARCHIVED_SIDE = 280
"""Longer side, in pixels, of an archived picture."""


@dataclass(frozen=True)
class Sketch:
    """What somebody drew, understood: the canonical digit and what the archive keeps."""

    digit: preprocessing.Digit
    png: bytes
    strokes: list[list[list[float]]] | None
    pen_width: float | None


def read_sketch(
    *,
    image: bytes | None = None,
    strokes: object | None = None,
    pixels: object | None = None,
    pen_width: float | None = None,
) -> Sketch:
    """Read one drawing, given as an encoded picture, as strokes or as pixels.

    Strokes that accompany a picture are checked and kept; the picture is what is read.
    """
    parsed = None if strokes is None else strokes_module.parse_strokes(strokes)
    if image is not None:
        ink = preprocessing.ink_from_image(image)
    elif pixels is not None:
        ink = preprocessing.ink_from_pixels(pixels)  # type: ignore[arg-type]
    elif parsed is not None:
        ink = strokes_module.ink_from_strokes(parsed)
        png = strokes_module.draw_png(parsed, pen_width)
        return Sketch(preprocessing.canonical_digit(ink), png, parsed, pen_width)
    else:
        raise TypeError("A drawing is an image, strokes or pixels.")
    return Sketch(preprocessing.canonical_digit(ink), _archive_png(ink), parsed, pen_width)


def recognize(
    *,
    image: bytes | None = None,
    strokes: object | None = None,
    pixels: object | None = None,
    pen_width: float | None = None,
    visitor: uuid.UUID | None = None,
    source: str = Drawing.Source.API,
    replaces: uuid.UUID | None = None,
) -> Drawing:
    """Read a drawing and keep it with its prediction, in the place of an earlier unanswered one."""
    sketch = read_sketch(image=image, strokes=strokes, pixels=pixels, pen_width=pen_width)
    model = active_model()
    (prediction,) = pipeline.predict(model.pipeline, sketch.digit[None])
    drawing = new_drawing(sketch, prediction, model.version, visitor=visitor, source=source)
    with transaction.atomic():
        if replaces is not None:
            Drawing.objects.known_to(visitor).open().filter(
                pk=replaces, review=Drawing.Review.UNREVIEWED
            ).delete()
        drawing.save(force_insert=True)
    return drawing


def predict(sketches: Sequence[Sketch]) -> tuple[int, list[pipeline.Prediction]]:
    """Read many drawings at once, keeping none; return the version that answered as well."""
    model = active_model()
    digits = np.stack([sketch.digit for sketch in sketches])  # (n, 28, 28)
    return model.version, pipeline.predict(model.pipeline, digits)


def new_drawing(
    sketch: Sketch, prediction: pipeline.Prediction, version: int, **values: Any
) -> Drawing:
    """Return the drawing to be stored of a sketch and its prediction."""
    return Drawing(
        prediction=prediction.digit,
        is_digit=prediction.is_digit,
        confidence=round(prediction.confidence, 6),
        probabilities=[round(share, 6) for share in prediction.probabilities],
        model_id=version,
        canonical=sketch.digit.tobytes(),
        image=sketch.png,
        strokes=sketch.strokes,
        pen_width=sketch.pen_width,
        **values,
    )


def give_feedback(drawing: Drawing, *, label: int | None) -> Drawing:
    """Record which digit it was, or withdraw that; the same answer again changes nothing.

    An approval was for the label before, so it falls with it; a rejection stays.
    """
    with transaction.atomic():
        drawing = Drawing.objects.select_for_update(of=("self",)).get(pk=drawing.pk)
        if drawing.label == label:
            return drawing
        drawing.clear_suspicion()
        drawing.label = label
        drawing.feedback_at = None if label is None else timezone.now()
        if drawing.review == Drawing.Review.APPROVED:
            drawing.review = Drawing.Review.UNREVIEWED
            drawing.reviewer = drawing.reviewed_at = None
        changed = ["label", "feedback_at", "review", "reviewer", "reviewed_at", *UNSUSPICIOUS]
        drawing.save(update_fields=changed)
    return drawing


def delete_drawing(drawing: Drawing) -> None:
    """Forget a drawing for good."""
    drawing.delete()


def canonical_png(drawing: Drawing) -> bytes:
    """Return the 28x28 digit that the model saw, white ink on black."""
    pixels = np.frombuffer(bytes(drawing.canonical), np.uint8)
    return preprocessing.encode_png(pixels.reshape(28, 28))


def _archive_png(ink: preprocessing.Ink) -> bytes:
    """Return the ink dark on white and small: neither background nor camera data is kept."""
    picture = Image.fromarray(255 - np.rint(ink * 255).astype(np.uint8))
    picture.thumbnail((ARCHIVED_SIDE, ARCHIVED_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
