"""From whatever somebody drew or sent to one canonical digit: decode, find ink, even the pen."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.drawing.ink import Ink, crop

CANONICAL_SIZE: Final = 28
"""Side of a canonical digit."""
CANONICAL_BOX: Final = 20
"""Longer side of the ink inside a canonical digit, as in MNIST and TMNIST."""

PEN_WIDTHS: Final = (1.5, 4.6)
"""Pen widths, in canonical pixels, that are left alone; the training images cover this range."""
FAINT_LINE: Final = 0.25
"""Share of the darkest ink from which a line counts as one, however light its surroundings are."""
WORKING_SIDE: Final = 160
"""Longer side of the ink, at the most, while a pen width is changed."""


Digit = NDArray[np.uint8]
"""One canonical digit: (28, 28) uint8, ink 255 on 0."""
Digits = NDArray[np.uint8]
"""Canonical digits: (n, 28, 28) uint8, ink 255 on 0."""


def canonical_digit(ink: Ink) -> Digit:
    """Bring a drawing to the one form that the model knows, wherever and however it was drawn.

    The ink's box is scaled to 20 px on the longer side, very thin and very thick pens are evened,
    and the center of mass is moved, by whole pixels, to the center of 28x28.

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
    ink = crop(ink)
    width = pen_width(ink) * CANONICAL_BOX / max(ink.shape)
    if not PEN_WIDTHS[0] <= width <= PEN_WIDTHS[1]:
        ink = crop(_change_pen(ink, float(np.clip(width, *PEN_WIDTHS)), thinner=width > 2))
    small = scale_to_box(ink)
    height, breadth = small.shape
    small *= 255 / small.max()
    top = _offset(small.sum(axis=1), height)
    left = _offset(small.sum(axis=0), breadth)
    digit = np.zeros((CANONICAL_SIZE, CANONICAL_SIZE), np.uint8)
    digit[top : top + height, left : left + breadth] = np.rint(small)
    return digit


def scale_to_box(ink: Ink) -> Ink:
    """Scale ink, with its proportions, to the box of a canonical digit.

    Parameters
    ----------
    ink : Ink
        (height, width) float32, cut to the ink.

    Returns
    -------
    Ink
        The same, 20 px on the longer side; a new array.
    """
    scale = CANONICAL_BOX / max(ink.shape)
    height, breadth = (max(1, round(side * scale)) for side in ink.shape)
    if ink.shape == (height, breadth):
        return ink.copy()
    return _resize(ink, (height, breadth))


def pen_width(ink: Ink) -> float:
    """Estimate the width of the pen that drew some ink.

    The area of a line divided by half of its rim is its width. The rim is counted in pixel edges,
    which are 4/pi times longer than a rim of random direction.

    Parameters
    ----------
    ink : Ink
        (height, width) float32, 0 (paper) to 1 (full ink).

    Returns
    -------
    float
        Pen width in pixels of `ink`; 0 where there is no ink.
    """
    mask = ink > 0.5
    edges = (
        np.count_nonzero(mask[1:] ^ mask[:-1])
        + np.count_nonzero(mask[:, 1:] ^ mask[:, :-1])
        + np.count_nonzero(mask[0])  # the picture's own edges end lines, too
        + np.count_nonzero(mask[-1])
        + np.count_nonzero(mask[:, 0])
        + np.count_nonzero(mask[:, -1])
    )
    return 2 * np.count_nonzero(mask) / (edges * np.pi / 4) if edges else 0.0


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
        # A hairline that was scaled down is gray here and there; it is a line all the same.
        reach = 2 * int(np.ceil(1.5 * scale)) + 1
        ink = ink / np.maximum(ndimage.maximum_filter(ink, reach), FAINT_LINE * ink.max())
    ink = ink / ink.max()
    growth = (width * scale - pen_width(ink)) / 2
    growth = min(growth, 0) if thinner else max(growth, 0)
    reach = int(np.ceil(abs(growth)))
    mask = np.pad(ink > 0.5, reach + 1)
    # The rim lies half a px from the middle of the first pixel on its other side.
    depth = _distances(~mask, reach) - 0.5 if thinner else 0.5 - _distances(mask, reach)
    redrawn: Ink = np.clip(depth + growth + 0.5, 0, 1).astype(np.float32)
    return redrawn


def _distances(mask: NDArray[np.bool_], most: int) -> NDArray[np.float64]:
    """Distance in px of each pixel of (height, width) from the nearest that is set, up to `most`.

    What lies further off gets some larger number. Looking no further takes half of the time of
    SciPy's transform, which finds the nearest pixel wherever it is.
    """
    far, columns = most + 1, np.arange(mask.shape[1], dtype=np.int16)
    left = np.where(mask, columns, np.int16(-far))
    right = np.where(mask, columns, np.int16(len(columns) + far))[:, ::-1]
    before = columns - np.maximum.accumulate(left, axis=1)
    behind = np.minimum.accumulate(right, axis=1)[:, ::-1] - columns
    beside = np.minimum(np.minimum(before, behind), np.int16(far)) ** 2  # within its own row
    nearest = beside.copy()
    for rows in range(1, far):
        shifted = beside + np.int16(rows**2)
        np.minimum(nearest[rows:], shifted[:-rows], out=nearest[rows:])
        np.minimum(nearest[:-rows], shifted[rows:], out=nearest[:-rows])
    return np.sqrt(nearest.astype(np.float64))


def _to_working_size(ink: Ink, *, keep_lines: bool) -> Ink:
    """Scale by a whole factor to a longer side of 80 to 160; lines of a hair's width survive."""
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


def _offset(mass: NDArray[np.float32], length: int) -> int:
    """Whole-pixel position at which a profile of mass is centered in the canonical square."""
    center = float(mass @ np.arange(length)) / float(mass.sum())
    return int(np.clip(round(CANONICAL_SIZE / 2 - 0.5 - center), 0, CANONICAL_SIZE - length))
