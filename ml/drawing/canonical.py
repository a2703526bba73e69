"""The one form that the model reads: the ink scaled, its pen evened, its mass centered."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.drawing.ink import Ink, crop
from ml.drawing.raster import centering, pen_width, squared_distances

CANONICAL_SIZE: Final = 28
"""Side of a canonical digit."""
CANONICAL_BOX: Final = 20
"""Longer side of the ink inside a canonical digit, as in MNIST and TMNIST."""
MASS_CENTER: Final = CANONICAL_SIZE / 2 - 0.5
"""Row and column to which the center of mass is moved: the middle of the square."""

PEN_WIDTHS: Final = (1.5, 4.6)
"""Pen widths, in canonical pixels, that are left alone; the training images cover this range."""
FAINT_LINE: Final = 0.25
"""Share of the darkest ink from which a faint line is still drawn as a full one."""
EVENED_WIDTHS: Final = (1, 9)
"""Pen widths that `canonical_digit` leaves, as `pen_width` estimates them."""
ROUNDING: Final = 0.01
"""Pixels by which rounding to 256 levels moves a center of mass at most."""
WORKING_SIDE: Final = 160
"""Longest side of the ink while its pen width is changed."""

Digit = NDArray[np.uint8]
"""One canonical digit: (28, 28) uint8, ink 255 on 0."""
Digits = NDArray[np.uint8]
"""Canonical digits: (n, 28, 28) uint8, ink 255 on 0."""


def canonical_digit(ink: Ink) -> Digit:
    """Bring a drawing to the one form that the model knows, wherever and however it was drawn.

    The ink's box is scaled to 20 px on the longer side, very thin and very thick pens are evened,
    and the center of mass is moved, by whole pixels, to the center of 28x28. What is canonical
    already stays as it is: 28x28 ink, not cut to its box.

    Parameters
    ----------
    ink : Ink
        (height, width) float32 of any size, 0 (paper) to 1 (full ink).

    Returns
    -------
    Digit
        (28, 28) uint8, ink 255 on 0.

    Raises
    ------
    BlankDrawing
        There is no ink.

    References
    ----------
    The box of 20 px and the centering by mass are MNIST's: LeCun, Bottou, Bengio, Haffner,
    "Gradient-based learning applied to document recognition", Proc. IEEE 86 (1998) 2278-2324.
    """
    if ink.shape == (CANONICAL_SIZE, CANONICAL_SIZE):
        levels = np.rint(255 * ink).astype(np.uint8)
        if is_canonical(levels):
            return levels
    ink = crop(ink)
    width = pen_width(ink) * CANONICAL_BOX / max(ink.shape)
    if not PEN_WIDTHS[0] <= width <= PEN_WIDTHS[1]:
        ink = crop(_change_pen(ink, float(np.clip(width, *PEN_WIDTHS)), thinner=width > 2))
    small = scale_to_box(ink)
    height, breadth = small.shape
    small *= 255 / small.max()
    top, left = (centering(small.sum(axis=axis), CANONICAL_SIZE, MASS_CENTER) for axis in (1, 0))
    digit = np.zeros((CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    digit[top : top + height, left : left + breadth] = np.rint(small)
    return digit


def is_canonical(pictures: NDArray[np.uint8]) -> Any:
    """Return which pictures (..., height, width) have the form of a canonical digit: (...) bool.

    `canonical_digit` would not scale or move them; it would lose faint ink, and change their pen a
    second time.
    """
    if pictures.shape[-2:] != (CANONICAL_SIZE, CANONICAL_SIZE):
        return np.zeros(pictures.shape[:-2], bool)
    is_centered, sides = pictures.max(axis=(-2, -1)) == 255, []
    for axis in (-1, -2):
        profile = pictures.sum(axis=axis, dtype=np.int64)  # (..., 28)
        first = (profile > 0).argmax(axis=-1)
        last = CANONICAL_SIZE - (profile[..., ::-1] > 0).argmax(axis=-1)
        sides.append(last - first)
        center = profile @ np.arange(CANONICAL_SIZE) / np.maximum(profile.sum(axis=-1), 1)
        away = center - MASS_CENTER
        # Ink that would be cut off by the edge is moved as far as there is room.
        is_centered &= (
            (np.abs(away) <= 0.5 + ROUNDING)
            | ((first == 0) & (away > 0))
            | ((last == CANONICAL_SIZE) & (away < 0))
        )
    width = pen_width(pictures.astype(np.float32) / np.float32(255))
    is_even = (width >= EVENED_WIDTHS[0]) & (width <= EVENED_WIDTHS[1])
    return is_centered & is_even & (np.maximum(*sides) == CANONICAL_BOX)


def scale_to_box(ink: Ink) -> Ink:
    """Scale ink, cut to its box, to 20 px on the longer side; always a new array."""
    scale = CANONICAL_BOX / max(ink.shape)
    height, breadth = (max(1, round(side * scale)) for side in ink.shape)
    if ink.shape == (height, breadth):
        return ink.copy()
    return _resize(ink, (height, breadth))


def _resize(ink: Ink, shape: tuple[int, int]) -> Ink:
    """Resize to (height, width): by area to smaller shapes, bilinearly to larger ones."""
    smaller = shape[0] < ink.shape[0] or shape[1] < ink.shape[1]
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    resized = Image.fromarray(ink, mode="F").resize((shape[1], shape[0]), method)
    return np.array(resized, dtype=np.float32)


def _change_pen(ink: Ink, width: float, *, thinner: bool) -> Ink:
    """Redraw with a pen of `width` canonical pixels, by the distance from the rim of the ink."""
    ink = _to_working_size(ink, keep_lines=not thinner)
    scale = max(ink.shape) / CANONICAL_BOX
    if not thinner:
        # A hairline that was scaled down is gray in places, but it is still a line.
        reach = 2 * int(np.ceil(1.5 * scale)) + 1
        ink = ink / np.maximum(ndimage.maximum_filter(ink, reach), FAINT_LINE * ink.max())
    ink = ink / ink.max()
    growth = (width * scale - pen_width(ink)) / 2
    growth = min(growth, 0) if thinner else max(growth, 0)
    reach = int(np.ceil(abs(growth)))
    mask = np.pad(ink > 0.5, reach + 1)
    # The rim lies half a px from the middle of the first pixel on its other side.
    squares = squared_distances(mask if thinner else ~mask, reach + 1)
    away = np.sqrt(squares, dtype=np.float64) - 0.5
    depth = away if thinner else -away
    redrawn: Ink = np.clip(depth + growth + 0.5, 0, 1).astype(np.float32)
    return redrawn


def _to_working_size(ink: Ink, *, keep_lines: bool) -> Ink:
    """Scale by a whole factor to a longer side of 80 to 160; hairlines survive."""
    longer = max(ink.shape)
    if longer <= WORKING_SIDE // 2:
        factor = WORKING_SIDE // longer
        return _resize(ink, (ink.shape[0] * factor, ink.shape[1] * factor))
    factor = -(-longer // WORKING_SIDE)
    if not keep_lines:
        return _resize(ink, (-(-ink.shape[0] // factor), -(-ink.shape[1] // factor)))
    padded = np.pad(ink, [(0, -side % factor) for side in ink.shape])
    blocks = padded.reshape(padded.shape[0] // factor, factor, padded.shape[1] // factor, factor)
    pooled: Ink = blocks.max(axis=(1, 3))
    return pooled
