"""Many small pictures at once: the same canonical digits as one by one, in a tenth of the time."""

from __future__ import annotations

import functools
from collections import defaultdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.drawing.canonical import (
    CANONICAL_BOX,
    CANONICAL_SIZE,
    MASS_CENTER,
    PEN_WIDTHS,
    Digits,
    canonical_digit,
    is_canonical,
    scale_to_box,
)
from ml.drawing.ink import (
    FAINTEST_CONTRAST,
    INK_THRESHOLD,
    LINE_COVERAGE,
    SPECK_SHARE,
    TOUCHING,
    Ink,
)
from ml.drawing.pictures import ink_from_pixels
from ml.drawing.raster import centering, pen_width
from ml.errors import InvalidDrawing, InvalidItem

WITHIN_ONE: Final = np.stack([np.zeros_like(TOUCHING), TOUCHING, np.zeros_like(TOUCHING)])
"""Pixels that touch are one piece, but only within one picture of a stack."""
STACK: Final = 64
"""Pictures of ink that are worked on together: so many fit into a processor's cache."""


def canonical_digits(pixels: NDArray[np.uint8]) -> Digits:
    """Bring n pictures of 28x28 pixels, light on dark or dark on light, to canonical digits.

    Plain pictures, on clean paper and by a common pen, are worked on together. A picture that may
    have a frame or a line, or whose pen must be changed, goes to `ml.drawing.canonical`. Its digits
    and these are the same to the bit.

    Raises
    ------
    InvalidItem
        A picture is blank; the error names the first one.
    """
    n = len(pixels)
    digits = np.zeros((n, CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    if not n:
        return digits
    deviation = _deviate(pixels)
    peak = deviation.max(axis=(1, 2))  # (n,)
    mask = deviation >= np.ceil(INK_THRESHOLD * peak)[:, None, None]
    light = np.where(pixels[:, :1, :1] == 0, pixels, 255 - pixels)
    is_done = is_canonical(light)
    digits[is_done] = light[is_done]
    is_plain = (peak >= FAINTEST_CONTRAST) & ~_may_have_frame(pixels) & ~_may_have_lines(mask)
    is_plain &= ~is_done
    mask &= is_plain[:, None, None]
    ink = (deviation * _without_dust(mask)).astype(np.float32)
    ink /= np.maximum(peak, 1).astype(np.float32)[:, None, None]
    # The ink may have lost its darkest pixel with the dust.
    darkest = ink.max(axis=(1, 2), keepdims=True)  # (n, 1, 1)
    inked = (ink >= INK_THRESHOLD * darkest) & (darkest > 0)
    top, bottom = _span(inked.any(axis=2))  # (n,) each
    left, right = _span(inked.any(axis=1))
    longer = np.maximum(bottom - top, right - left)
    pen = pen_width(ink) * CANONICAL_BOX / np.maximum(longer, 1)
    is_plain &= (pen >= PEN_WIDTHS[0]) & (pen <= PEN_WIDTHS[1])
    alike: dict[tuple[int, int], list[tuple[int, Ink]]] = defaultdict(list)
    for index in np.flatnonzero(is_plain).tolist():
        box = scale_to_box(ink[index, top[index] : bottom[index], left[index] : right[index]])
        alike[box.shape].append((index, box))
    for (height, breadth), boxes in alike.items():
        indices = np.array([index for index, _ in boxes])
        small = np.stack([box for _, box in boxes])  # (k, height, breadth)
        small *= 255 / small.max(axis=(1, 2), keepdims=True)
        top_of, left_of = (
            centering(small.sum(axis=axis), CANONICAL_SIZE, MASS_CENTER) for axis in (2, 1)
        )  # (k,) each
        rows = top_of[:, None] + np.arange(height)  # (k, height)
        columns = left_of[:, None] + np.arange(breadth)
        digits[indices[:, None, None], rows[:, :, None], columns[:, None, :]] = np.rint(small)
    for index in np.flatnonzero(~is_plain & ~is_done).tolist():
        try:
            digits[index] = canonical_digit(ink_from_pixels(pixels[index]))
        except InvalidDrawing as error:
            raise InvalidItem(index, error) from error
    return digits


def _deviate(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray levels by which each pixel differs, to the side of the ink, from the rim's median."""
    rims = np.concatenate(
        [pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], axis=1
    )  # (n, 112)
    middle = rims.shape[1] // 2
    ordered = np.partition(rims, (middle - 1, middle), axis=1).astype(np.int64)
    paper = (ordered[:, middle - 1] + ordered[:, middle]) // 2  # (n,)
    is_dark_ink = pixels.sum(axis=(1, 2), dtype=np.int64) <= paper * CANONICAL_SIZE**2
    tone = paper.astype(np.uint8)[:, None, None]
    darker, lighter = tone - np.minimum(pixels, tone), np.maximum(pixels, tone) - tone
    deviation: NDArray[np.uint8] = np.where(is_dark_ink[:, None, None], darker, lighter)
    return deviation


def _may_have_frame(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether the middle of each side meets a frame of one px, as in `ml.drawing.ink`: (n,)."""
    middle = CANONICAL_SIZE // 2
    rows, columns = pixels[:, middle], pixels[:, :, middle]  # (n, 28)
    ways = np.stack([rows[:, :2], rows[:, -2:], columns[:, :2], columns[:, -2:]])  # (4, n, 2)
    met: NDArray[np.bool_] = (np.ptp(ways, axis=2) >= 2 * FAINTEST_CONTRAST).all(axis=0)
    return met


def _may_have_lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a row or a column is nearly full of ink: (n,)."""
    rows, columns = mask.mean(axis=2).max(axis=1), mask.mean(axis=1).max(axis=1)
    met: NDArray[np.bool_] = np.maximum(rows, columns) >= LINE_COVERAGE
    return met


def _without_dust(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leave out pieces that are tiny beside the largest one of their picture."""
    # A second copy of what ink.py does for one picture: as a stack of one, that would take twice
    # the time, and it weighs the ink of coarse cells as well.
    pieces, count = ndimage.label(mask, structure=WITHIN_ONE)
    areas = np.bincount(pieces.ravel(), minlength=count + 1)
    picture, owner = np.nonzero(mask)[0], np.zeros(count + 1, np.int64)
    owner[pieces[mask]] = picture
    largest = np.zeros(len(mask), np.int64)
    np.maximum.at(largest, owner[1:], areas[1:])
    is_kept = areas >= SPECK_SHARE * largest[owner]
    is_kept[0] = False
    kept: NDArray[np.bool_] = is_kept[pieces]
    return kept


def _span(profiles: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First set pixel, and the one after the last, of each row of (n, 28); all if none is set."""
    return profiles.argmax(axis=1), profiles.shape[1] - profiles[:, ::-1].argmax(axis=1)


def canonical_inks(ink: NDArray[np.floating[Any]] | NDArray[np.uint8]) -> Digits:
    """Bring ink (n, height, width), 0 to 1, to canonical digits; without ink, a digit is empty.

    They are what `ml.drawing.canonical.canonical_digit` makes of each picture, but for one level of
    gray in a few of 100,000 pixels, where a mean lies between two. Ink that is smaller than the
    digit, or whose pen must be changed, goes there.
    """
    digits = np.zeros((len(ink), CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    for start in range(0, len(ink), STACK):
        _scale_stack(ink[start : start + STACK], digits[start : start + STACK])
    return digits


def _scale_stack(ink: NDArray[Any], digits: Digits) -> None:
    """Fill `digits` as `canonical_inks` does for a few pictures."""
    peak = ink.max(axis=(1, 2))  # (n,)
    inked = (ink >= (INK_THRESHOLD * peak)[:, None, None]) & (peak > 0)[:, None, None]
    top, bottom = _span(inked.any(axis=2))  # (n,) each
    left, right = _span(inked.any(axis=1))
    sides = np.stack([bottom - top, right - left])  # (2, n)
    longer = np.maximum(sides.max(axis=0), 1)
    pen = pen_width(ink) * CANONICAL_BOX / longer
    is_plain = (peak > 0) & (longer > CANONICAL_BOX)
    is_plain &= (pen >= PEN_WIDTHS[0]) & (pen <= PEN_WIDTHS[1])
    for index in np.flatnonzero((peak > 0) & ~is_plain).tolist():
        digits[index] = canonical_digit(ink[index].astype(np.float32, copy=False))
    plain = np.flatnonzero(is_plain)
    if len(plain):
        boxes = np.maximum(np.rint(sides * (CANONICAL_BOX / longer)), 1).astype(int)[:, plain]
        rows = _sum_parts(top[plain], bottom[plain], boxes[0], ink.shape[1])
        columns = _sum_parts(left[plain], right[plain], boxes[1], ink.shape[2])
        small = rows @ (ink[plain].astype(np.float32, copy=False) @ columns.transpose(0, 2, 1))
        small /= np.maximum(rows.sum(axis=2)[:, :, None] * columns.sum(axis=2)[:, None], 1)
        small *= 255 / small.max(axis=(1, 2), keepdims=True)
        digits[plain] = _center(np.rint(small).astype(np.uint8), small, boxes)


def _center(levels: Digits, small: NDArray[np.float32], boxes: NDArray[np.int64]) -> Digits:
    """Place boxes (n, 20, 20), of which the first rows and columns (2, n) count, in 28x28."""
    places = []
    for axis, lengths in zip((2, 1), boxes, strict=True):
        mass = small.sum(axis=axis)  # (n, 20)
        centers = (mass @ np.arange(CANONICAL_BOX)) / mass.sum(axis=1)
        first = np.rint(MASS_CENTER - centers).astype(int).clip(0, CANONICAL_SIZE - lengths)
        places.append(first[:, None] + np.arange(CANONICAL_BOX))
    rows, columns = places
    placed = np.zeros((len(levels), *[CANONICAL_SIZE + CANONICAL_BOX] * 2), np.uint8)
    placed[np.arange(len(levels))[:, None, None], rows[:, :, None], columns[:, None]] = levels
    return placed[:, :CANONICAL_SIZE, :CANONICAL_SIZE]


def _sum_parts(
    first: NDArray[np.int64], end: NDArray[np.int64], parts: NDArray[np.int64], side: int
) -> NDArray[np.float32]:
    """Matrices (n, 20, side) that sum the pixels from `first` to `end` in so many parts."""
    matrices = np.zeros((len(first), CANONICAL_BOX, side), np.float32)
    for matrix, begin, stop, count in zip(
        matrices, first.tolist(), end.tolist(), parts.tolist(), strict=True
    ):
        matrix[:count, begin:stop] = _parts(stop - begin, count)
    return matrices


@functools.cache
def _parts(length: int, parts: int) -> NDArray[np.float32]:
    """Matrix (parts, length) of the pixels of a side that Pillow's box filter makes one of."""
    lines = Image.fromarray(np.eye(length, dtype=np.float32))
    averages = np.asarray(lines.resize((parts, length), Image.Resampling.BOX)).T
    return (averages > 0).astype(np.float32)
