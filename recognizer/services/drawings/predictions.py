"""Many drawings read at once; none is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from ml import pipeline
from ml.drawing import batches, canonical
from ml.drawing.pictures import count_pixels, ink_from_image, ink_from_pixels, is_numeric
from ml.drawing.strokes import ink_from_strokes, parse_strokes
from ml.errors import ImageTooLarge, InvalidDrawing, InvalidItem
from recognizer.services.drawings.recognition import predict

MAX_BATCH = 1000
"""Most drawings of one batch."""
MAX_BATCH_PIXELS = 100_000_000
"""Most pixels of all pictures of a batch together: some seconds of one core."""


def predict_images(images: Sequence[bytes]) -> tuple[int, list[pipeline.Prediction]]:
    """Read encoded pictures; return the version that answered, and its predictions."""
    total = sum(map(count_pixels, images))
    if total > MAX_BATCH_PIXELS:
        raise ImageTooLarge(
            f"The pictures have {total:,} pixels together; at most {MAX_BATCH_PIXELS:,} are read "
            "at once. Send smaller ones, or several batches."
        )
    return predict(_one_by_one(images, ink_from_image))


def predict_strokes(drawings: Sequence[object]) -> tuple[int, list[pipeline.Prediction]]:
    return predict(_one_by_one(drawings, lambda drawing: ink_from_strokes(parse_strokes(drawing))))


def predict_pixels(pictures: Sequence[object]) -> tuple[int, list[pipeline.Prediction]]:
    stack = _stack(pictures)
    if stack is None:
        find_ink = cast("Callable[[object], Any]", ink_from_pixels)
        return predict(_one_by_one(pictures, find_ink))
    return predict(batches.canonical_digits(stack))


def predict_file(file: IO[bytes], name: str) -> tuple[int, list[pipeline.Prediction]]:
    """Read the digits of an npz, IDX or csv file."""
    from ml.labeled.uploads import read_pictures  # loaded once a file comes

    return predict(batches.canonical_digits(read_pictures(file, name, MAX_BATCH)))


def _one_by_one(items: Sequence[Any], find_ink: Callable[[Any], Any]) -> canonical.Digits:
    """Bring drawings of any size to canonical digits; the error names the first unreadable one."""
    digits = np.empty((len(items), 28, 28), np.uint8)
    for index, item in enumerate(items):
        try:
            digits[index] = canonical.canonical_digit(find_ink(item))
        except InvalidDrawing as error:
            raise InvalidItem(index, error) from error
    return digits


def _stack(pictures: Sequence[object]) -> NDArray[np.uint8] | None:
    """Return pictures as (n, 28, 28), if all are of 784 numbers from 0 to 255."""
    if not all(map(is_numeric, pictures)):
        return None
    with suppress(TypeError, ValueError):  # most often, it is 784 whole numbers in one list each
        packed = [bytes(picture) for picture in pictures if isinstance(picture, list)]
        if len(packed) == len(pictures) and {len(picture) for picture in packed} == {784}:
            return np.frombuffer(b"".join(packed), np.uint8).reshape(-1, 28, 28)
    try:
        values = np.asarray(pictures)
    except (ValueError, OverflowError):  # of different lengths, or no numbers
        return None
    if values.dtype.kind not in "uif" or values.shape[1:] not in ((784,), (28, 28)):
        return None
    if not np.all((values >= 0) & (values <= 255)):
        return None
    return values.astype(np.uint8).reshape(-1, 28, 28)
