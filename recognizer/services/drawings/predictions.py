"""Many drawings read at once; none is stored."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from ml import pipeline
from ml.drawing import batches, canonical
from ml.drawing.pictures import (
    RANGES,
    count_pixels,
    ink_from_image,
    ink_from_pixels,
    is_large,
    is_numeric,
    to_levels,
)
from ml.drawing.strokes import (
    MAX_POINTS,
    Strokes,
    ink_from_strokes,
    parse_strokes,
    thin_strokes,
)
from ml.errors import ImageTooLarge, InvalidDrawing, InvalidItem, InvalidPixels, InvalidStrokes
from recognizer.services.drawings.recognition import alone, count_units, predict
from recognizer.services.drawings.remembering import Personal, answer_personally
from recognizer.services.versions.registry import active_model

MAX_BATCH = 1000
"""Most drawings of one batch."""
SMALL_BATCH = 100
"""Pictures, or drawings as strokes, that are read beside other batches."""
FILE_UNITS = 100
"""Work of a file, in drawings, that is refused."""
SENT_POINTS = (MAX_POINTS, 300)
"""Points of a batch, and so many more for each drawing."""
READ_POINTS = (10_000, 100)
"""The same after thinning."""
LARGEST_PIXELS = 16_777_216
"""Pixels of a batch's pictures together, or"""
MOST_SECONDS = 10.0
"""Processor time of a batch. A photo takes up to a fifth of a second, a clean picture 2 ms."""
PIXELS_EACH = 100_000
"""so many for each of them, if that is more; pads of 280x280 have fewer."""


def count_batch(name: str, drawings: Sequence[Any]) -> int:
    """Estimate the work of a list of drawings, in ordinary ones."""
    match name:
        case "images" | "image":
            return len(drawings) + sum(count_units(image=drawing) for drawing in drawings)
        case "strokes":
            return len(drawings) + sum(count_units(strokes=drawing) for drawing in drawings)
    return len(drawings)


def predict_images(images: Sequence[bytes]) -> tuple[int, list[pipeline.Prediction]]:
    """Read encoded pictures; return the version that answered, and its predictions."""
    total = sum(map(count_pixels, images))
    most = max(LARGEST_PIXELS, PIXELS_EACH * len(images))
    if total > most:
        raise ImageTooLarge(
            f"The pictures have {total:,} pixels together; at most {most:,} of so many pictures "
            "are read at once. Send smaller ones, or several batches."
        )
    with alone(is_large=len(images) > SMALL_BATCH or any(map(is_large, images))):
        return predict(_one_by_one(images, ink_from_image))


def predict_strokes(drawings: Sequence[object]) -> tuple[int, list[pipeline.Prediction]]:
    """Read strokes of a bounded number of points, before and after thinning."""
    _check_points(drawings, SENT_POINTS)
    thinned: list[Strokes] = []
    for index, drawing in enumerate(drawings):
        try:
            thinned.append(thin_strokes(parse_strokes(drawing)))
        except InvalidDrawing as error:
            raise InvalidItem(index, error) from error
    _check_points(thinned, READ_POINTS)
    with alone(is_large=len(thinned) > SMALL_BATCH):
        return predict(_one_by_one(thinned, ink_from_strokes))


def predict_draft(
    drawing: object, visitor: uuid.UUID | None
) -> tuple[int, pipeline.Prediction | Personal]:
    """Read the strokes of a drawing that is being drawn, with its visitor's own answers.

    It is not counted among the predictions: one drawing has many of them.
    """
    model = active_model()
    digit = canonical.canonical_digit(ink_from_strokes(thin_strokes(parse_strokes(drawing))))
    prediction, hidden = pipeline.predict_with_hidden(model.pipeline, digit)
    if visitor is None or hidden is None:
        return model.version, prediction
    return model.version, answer_personally(visitor, prediction, hidden, model) or prediction


def _check_points(drawings: Sequence[object], allowed: tuple[int, int]) -> None:
    """Refuse a batch with more points than its number of drawings explains."""
    strokes = chain.from_iterable(drawing for drawing in drawings if isinstance(drawing, list))
    points = sum(len(stroke) for stroke in strokes if isinstance(stroke, list))
    most = allowed[0] + allowed[1] * len(drawings)
    if points > most:
        raise InvalidStrokes(
            f"The strokes have {points:,} points together; at most {most:,} of so many drawings "
            "are read at once. Send several batches."
        )


def predict_pixels(pictures: Sequence[object]) -> tuple[int, list[pipeline.Prediction]]:
    stack = _stack(pictures)
    if stack is None:
        find_ink = cast("Callable[[object], Any]", ink_from_pixels)
        return predict(_one_by_one(pictures, find_ink))
    return predict(batches.canonical_digits(stack))


def predict_file(
    file: IO[bytes], name: str, notify: Callable[[str], None]
) -> tuple[int, list[pipeline.Prediction]]:
    """Read the digits of an npz, IDX or csv file; what is assumed about it is notified."""
    from ml.labeled.uploads import read_pictures  # loaded once a file comes

    return predict(batches.canonical_digits(read_pictures(file, name, MAX_BATCH, notify)))


def _one_by_one(items: Sequence[Any], find_ink: Callable[[Any], Any]) -> canonical.Digits:
    """Bring drawings of any size to canonical digits; the error names the first unreadable one."""
    digits = np.empty((len(items), 28, 28), np.uint8)
    end = time.thread_time() + MOST_SECONDS
    for index, item in enumerate(items):
        if time.thread_time() > end:
            raise ImageTooLarge(
                f"Only {index} of these {len(items)} drawings could be read in the time that one "
                "request may take. Send fewer at once."
            )
        try:
            digits[index] = canonical.canonical_digit(find_ink(item))
        except InvalidDrawing as error:
            raise InvalidItem(index, error) from error
    return digits


def _stack(pictures: Sequence[object]) -> NDArray[np.uint8] | None:
    """Return pictures as (n, 28, 28), if all are of 784 numbers of one range."""
    if not all(map(is_numeric, pictures)):
        return None
    values: NDArray[Any] | None = None
    with suppress(TypeError, ValueError):  # most often, it is 784 whole numbers in one list each
        packed = [bytes(picture) for picture in pictures if isinstance(picture, list)]
        if len(packed) == len(pictures) and {len(picture) for picture in packed} == {784}:
            values = np.frombuffer(b"".join(packed), np.uint8).reshape(-1, 784)
    try:
        values = np.asarray(pictures) if values is None else values
    except (ValueError, OverflowError):  # of different lengths, or no numbers
        return None
    if values.dtype.kind not in "uif" or values.shape[1:] not in ((784,), (28, 28)):
        return None
    values = values.reshape(-1, 28, 28)
    if np.ptp(np.digitize(values.max(axis=(1, 2)), RANGES, right=True)):
        return None
    with suppress(InvalidPixels):  # the error of a picture alone names it
        return to_levels(values)
    return None
