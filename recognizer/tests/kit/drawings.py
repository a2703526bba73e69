"""Drawings to test with."""

from __future__ import annotations

import base64
import functools
import io
import uuid
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

from ml.drawing.canonical import Digits, canonical_digit
from ml.drawing.pictures import ink_from_image
from recognizer.models import CANONICAL_BYTES, Drawing, DrawingQuerySet, TrainedModel

SEVEN = [[[60, 60], [220, 60], [120, 240]]]
"""Strokes of a 7."""


@functools.cache
def png_of(digit: int, size: int = 280) -> bytes:
    """Draw a digit, dark on white, with the face that Pillow carries."""
    image = Image.new("L", (size, size), 255)
    font = ImageFont.load_default(size * 0.7)
    ImageDraw.Draw(image).text((size / 2, size / 2), str(digit), 0, font, anchor="mm")
    return encode(image)


@functools.cache
def digits_of_one_face() -> Digits:
    """Return the canonical digits of that face: (10, 28, 28)."""
    return np.stack([canonical_digit(ink_from_image(png_of(digit))) for digit in range(10)])


def page_with(*digits: tuple[int, int, int]) -> Image.Image:
    """Return a page of 800x600 with digits of 280x280, each at a place."""
    page = Image.new("L", (800, 600), 255)
    for digit, left, top in digits:
        page.paste(Image.open(io.BytesIO(png_of(digit))), (left, top))
    return page


def blank_png(color: int = 255) -> bytes:
    """Draw nothing."""
    return encode(Image.new("L", (280, 280), color))


def encode(image: Image.Image, file_format: str = "PNG") -> bytes:
    """Encode a picture."""
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()


def data_url(picture: bytes, media_type: str = "image/png") -> str:
    """Wrap an encoded picture as the canvas does."""
    return f"data:{media_type};base64,{base64.b64encode(picture).decode()}"


def assert_problem(answer: Any, status: int, slug: str, field: str | None = None) -> None:
    """Check that an answer is a problem of this type, about this field."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"/problems/{slug}/"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body.get("field") == field
    if field is not None:
        assert body["errors"][0] == {"field": field, "detail": body["detail"]}


def copy_model(model: TrainedModel, **values: Any) -> TrainedModel:
    """Register the same file as the next version, not active."""
    version = TrainedModel.objects.count() + 1
    fields = {field.name: getattr(model, field.name) for field in model._meta.fields}
    fields |= {"version": version, "active": False, "origin": "retrained", **values}
    return TrainedModel.objects.create(**fields)


def draw_on(day: date, *, count: int = 1, **values: Any) -> DrawingQuerySet:
    """Store drawings of a day, read as 7 by version 1, and return them."""
    fields = {
        "created_at": datetime.combine(day, time(0, 0, 1), UTC),
        "source": "api",
        "prediction": 7,
        "confidence": 0.95,
        "model_id": 1,
        "probabilities": [0.1] * 10,
        "canonical": bytes(CANONICAL_BYTES),
        "image": b"",
        "feedback_at": None if values.get("label") is None else timezone.now(),
        **values,
    }
    ids = [uuid.uuid4() for _ in range(count)]
    insert_copies(Drawing(**fields), ids)
    return Drawing.objects.filter(pk__in=ids)


def insert_copies(drawing: Drawing, ids: list[uuid.UUID]) -> None:
    """Store a drawing under each of these ids: all values but the id are converted once."""
    columns = [field for field in Drawing._meta.local_concrete_fields if not field.generated]
    values = {
        str(field.column): field.get_db_prep_save(getattr(drawing, field.attname), connection)
        for field in columns
    }
    names, places = ", ".join(values), ", ".join(["%s"] * len(values))
    key = Drawing._meta.pk
    rows = [
        [*{**values, str(key.column): key.get_db_prep_save(pk, connection)}.values()] for pk in ids
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO recognizer_drawing ({names}) VALUES ({places})", rows)
