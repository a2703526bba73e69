"""Read a labeled drawing from an object of JSON, in the forms that circulate."""

from __future__ import annotations

import base64
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.drawing.pictures import is_numeric, to_levels
from ml.drawing.strokes import parse_strokes
from ml.errors import DatasetError, InvalidDrawing
from ml.labeled.exported import LabeledDrawing, with_origin
from ml.labeled.naming import read_label
from ml.labeled.packed import Notify
from ml.labeled.rows import LABELS, MAX_LABEL, PIXELS

LABEL_FIELDS: Final = (*LABELS, "word")
"""Fields with a label; ``word`` is that of Quick, Draw!"""
EXPECTED: Final = '{"label": 7, "strokes": …}'
OURS: Final = frozenset({"canonical", "pen_width"})
"""Fields of which our own files have one: there, a stroke of two points is one."""


def read_item(
    item: object, name: str, path: Path, number: int, notify: Notify, line: int | None = None
) -> LabeledDrawing:
    """Read a drawing, called `name`, the one of this `number`, with its label and its writer.

    The drawing is ``canonical`` or ``pixels``, ``strokes`` or the ``drawing`` of Quick, Draw!, or
    an ``image``; the label may be an annotation of Label Studio. Raises DatasetError, which names
    the line or, in a list, the number.
    """
    where = "" if line else f"Drawing {number:,}: "
    if not isinstance(item, dict):
        raise DatasetError(f"{where}This is not an object {EXPECTED}.", path, line)
    try:
        drawing = with_origin(LabeledDrawing(None, name), item, path, line)
        label = _read_label(item)
        if (label is not None or drawing.id is None) and (
            type(label) is not int or not 0 <= label <= MAX_LABEL
        ):
            message = f'The label is {label!r:.20}; a label is a number from 0 to 9, or "none".'
            raise _Wrong(message)
        writer = item.get("writer")
        if not isinstance(writer, str | int | None):
            raise _Wrong("The writer is not a name.")
        drawing = replace(drawing, label=label, writer=None if writer is None else str(writer))
        if isinstance(width := item.get("pen_width"), int | float) and 0 < width < math.inf:
            drawing = replace(drawing, pen_width=float(width))
        return _read_content(item, drawing, notify)
    except (_Wrong, InvalidDrawing) as error:
        raise DatasetError(f"{where}{error}", path, line) from error


class _Wrong(Exception):
    """Something about an object is wrong; the text says what."""


def _read_label(item: dict[str, Any]) -> object:
    label: object = next((item[name] for name in LABEL_FIELDS if name in item), None)
    if isinstance(annotations := item.get("annotations"), list) and label is None:
        chosen = {
            str(choice)
            for each in annotations
            if isinstance(each, dict) and not each.get("was_cancelled")
            for result in _list_in(each, "result")
            if isinstance(result, dict) and isinstance(result.get("value"), dict)
            for choice in _list_in(result["value"], "choices")
        }
        if len(chosen) > 1:
            found = " and ".join(sorted(chosen)[:5])
            raise _Wrong(f"Its annotations say {found:.40}; a drawing has one label.")
        label = next(iter(chosen), None)
    if isinstance(label, str):
        known = read_label(label)
        return label if known is None else known
    return label


def _list_in(item: dict[str, Any], name: str) -> list[Any]:
    value = item.get(name)
    return value if isinstance(value, list) else []


def _read_content(item: dict[str, Any], drawing: LabeledDrawing, notify: Notify) -> LabeledDrawing:
    strokes, image = item.get("strokes"), item.get("image")
    if isinstance(item.get("canonical"), str):
        pixels = _decode(item["canonical"])
        if pixels is None or len(pixels) != PIXELS:
            raise _Wrong(f"The canonical pixels are not {PIXELS} bytes in base64.")
        drawing = replace(drawing, pixels=np.frombuffer(pixels, np.uint8).reshape(28, 28))
    elif "pixels" in item:
        drawing = replace(drawing, pixels=_read_pixels(item["pixels"]))
    if image is None and isinstance(data := item.get("data"), dict):  # of Label Studio
        image = next((value for value in data.values() if isinstance(value, str)), None)
    has_pixels = drawing.pixels is not None
    if isinstance(image, str) and (has_pixels or (strokes is None and "drawing" not in item)):
        drawing = replace(drawing, image=_read_image(image))
    if strokes is None and (has_pixels or drawing.image is not None):
        return drawing
    if strokes is None and "drawing" in item:
        strokes = _points_of_columns(item["drawing"], notify)
    points = _points(strokes, notify)
    # A file of lists of coordinates has longer ones somewhere, which are points of three numbers.
    is_ours = drawing.id is not None or not OURS.isdisjoint(item) or not _has_third(points)
    return replace(drawing, strokes=parse_strokes(points, is_ours=is_ours))


def _has_third(strokes: Any) -> bool:
    """Whether a point has more than two numbers."""
    lists = [stroke for stroke in strokes if isinstance(stroke, list)] if strokes else []
    return any(isinstance(point, list) and len(point) > 2 for each in lists for point in each)


def _read_pixels(pixels: object) -> Any:
    if not is_numeric(pixels):
        raise _Wrong("The pixels are not all numbers.")
    try:
        values = np.asarray(pixels)
    except ValueError as error:
        raise _Wrong("The pixels are not a plain list of numbers.") from error
    if values.shape == (PIXELS,):
        values = values.reshape(28, 28)
    if values.ndim != 2 or not values.size or values.dtype.kind not in "uif":
        raise _Wrong(f"There are {values.size:,} pixels; 784 are read, or rows of pixels.")
    return to_levels(values)


def _read_image(text: str) -> bytes:
    data = _decode(text.partition(",")[2] if text.startswith("data:") else text)
    if data is None:
        raise _Wrong(
            f"The image is {text[:40]!r}, not a picture in base64. Put the pictures into folders "
            "by digit, or their base64 into the file."
        )
    return data


def _points_of_columns(drawing: object, notify: Notify) -> list[Any]:
    """Turn the strokes of Quick, Draw!, [[x…], [y…]] or [[x…], [y…], [t…]], into points."""
    strokes = []
    for stroke in drawing if isinstance(drawing, list) else [None]:
        if not isinstance(stroke, list) or not all(isinstance(column, list) for column in stroke):
            raise _Wrong("The drawing is not one of Quick, Draw!: strokes of [[x…], [y…]].")
        if len(stroke) not in (2, 3) or len({len(column) for column in stroke}) != 1:
            raise _Wrong("A stroke of Quick, Draw! is [[x…], [y…]], both of one length.")
        if len(stroke) == 3:
            notify("The times of points are left aside.")
        strokes.append([list(point) for point in zip(*stroke[:2], strict=True)])
    return strokes


def _points(strokes: Any, notify: Notify) -> Any:
    """Turn points {"x": 1, "y": 2} into [1, 2]; leave all else to be checked."""
    if not isinstance(strokes, list):
        return strokes
    turned = []
    for stroke in strokes:
        if isinstance(stroke, list) and stroke and all(isinstance(each, dict) for each in stroke):
            if excess := {*map(str, set().union(*stroke))} - {"x", "y"}:
                notify(f"Of points, {', '.join(sorted(excess)[:5])} is left aside.")
            stroke = [[point.get("x"), point.get("y")] for point in stroke]
        turned.append(stroke)
    return turned


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None
