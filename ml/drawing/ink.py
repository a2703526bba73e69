"""What on a gray picture is ink and what is not: paper, noise, frames, ruled lines, dust."""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from ml.errors import BlankDrawing

FAINTEST_CONTRAST: Final = 24
"""Gray levels (of 255) by which ink must differ from the paper to be ink at all."""
INK_THRESHOLD: Final = 0.1
"""Share of the darkest ink from which a pixel belongs to the drawing."""
SPECK_SHARE: Final = 0.01
"""A piece with less than this share of the largest piece's area, or of its mass, is dust."""
NOISY_SIDE: Final = 64
"""Shorter side from which noise is smoothed; on a smaller picture that would blur the digit."""
NOISE_LEVEL: Final = 1.5
"""Gray levels between neighbors on the paper, in the median, from which it is called noisy."""
NOISE_DEVIATIONS: Final = 4
"""Standard deviations of the smoothed paper from which a pixel of a noisy picture is ink."""
NOISY_COVERAGE: Final = 0.3
"""Share of a coarse grid with ink from which specks may touch there, and are told apart in full."""
COARSEST: Final = 16
"""Largest cell of the coarse grid; in one of 23 px, a pixel's share of its tone rounds to 0."""
LINE_COVERAGE: Final = 0.9
"""Share of a row that is ink where the row belongs to a ruled line or a frame."""
LINE_MARGIN: Final = 0.03
"""Share of the picture's side by which the digit keeps clear of the ends of a line."""
FRAME_SHARE: Final = 0.06
"""Widest frame, as a share of the picture's shorter side."""
FRINGE_LEVEL: Final = 4
"""Gray levels from the paper at which a ring inside of a frame is the frame's blurred edge."""
TOUCHING: Final = np.ones((3, 3), bool)
"""Pixels that touch, be it at a corner, are of one piece."""

Pixel = TypeVar("Pixel", bound=np.generic)
Ink = NDArray[np.float32]
"""Ink of one drawing: (height, width) float32, 0 (paper) to 1 (full ink)."""


def ink_from_gray(gray: NDArray[np.uint8]) -> Ink:
    """Find the ink: what differs from the paper, whose tone is that of the rim.

    Parameters
    ----------
    gray : ndarray
        (height, width) uint8, dark on light or light on dark, with a frame, ruled lines or noise.

    Returns
    -------
    Ink
        (height, width) float32, 0 (paper) to 1 (full ink): the part of the picture with ink.

    Raises
    ------
    BlankDrawing
        Nothing stands out from the paper.
    """
    noisy = _is_noisy(gray)
    if noisy:
        gray = np.asarray(Image.fromarray(gray).filter(ImageFilter.BoxBlur(1)))
    gray = _inside_of_frame(gray)
    paper = _rim_tone(gray)
    noise = NOISE_DEVIATIONS * _deviation(_rim(gray), paper) if noisy else 0
    # The deviations to either side sum to the deviation of the sum.
    if gray.sum(axis=0, dtype=np.uint32).sum(dtype=np.int64) <= paper * gray.size:
        return ink_from_deviation(paper - np.minimum(gray, paper), noise)
    return ink_from_deviation(np.maximum(gray, paper) - paper, noise)


def _is_noisy(gray: NDArray[np.uint8]) -> bool:
    """Tell whether neighbors on the rim differ, more often than not; on clean paper they don't."""
    if min(gray.shape) < NOISY_SIDE:
        return False
    rim = _rim(gray)
    return _median(np.maximum(rim[1:], rim[:-1]) - np.minimum(rim[1:], rim[:-1])) >= NOISE_LEVEL


def _deviation(tones: NDArray[np.uint8], middle: int) -> float:
    """Standard deviation of tones from their median, by the median of it: ink does not count."""
    return 1.4826 * _median(np.maximum(tones, middle) - np.minimum(tones, middle))


def _rim_tone(gray: NDArray[np.uint8], inset: int = 0) -> int:
    """Median tone of the outermost pixels, or of those that lie further in."""
    return _median(_rim(gray, inset))


def _median(tones: NDArray[np.uint8]) -> int:
    """Median of tones (n,), rounded down; faster on few of them than NumPy's."""
    low, high = (len(tones) - 1) // 2, len(tones) // 2
    ordered = np.partition(tones, (low, high))
    return (int(ordered[low]) + int(ordered[high])) // 2


def _rim(gray: NDArray[np.uint8], inset: int = 0) -> NDArray[np.uint8]:
    """Pixels of the ring that lies so far inside of the edges."""
    inner = gray[inset : gray.shape[0] - inset, inset : gray.shape[1] - inset]
    return np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])


def _inside_of_frame(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut off a frame that runs along the edges; without one, return the picture as it is."""
    widest = int(FRAME_SHARE * min(gray.shape))
    if not widest or not _may_have_frame(gray, widest):
        return gray
    paper = _rim_tone(gray, widest)
    if not any(_is_frame(_rim(gray, ring), paper) for ring in range(widest)):
        return gray
    # The frame's edge may be blurred, or ring where the picture was compressed.
    rings = [r for r in range(widest) if abs(_rim_tone(gray, r) - paper) >= FRINGE_LEVEL]
    inset = rings[-1] + 1
    return gray[inset : gray.shape[0] - inset, inset : gray.shape[1] - inset]


def _may_have_frame(gray: NDArray[np.uint8], widest: int) -> bool:
    """Look from the middle of each side inward: a frame is met on all four."""
    row, column = gray[gray.shape[0] // 2], gray[:, gray.shape[1] // 2]
    ways = (row[: widest + 1], row[-widest - 1 :], column[: widest + 1], column[-widest - 1 :])
    return all(int(way.max()) - int(way.min()) >= 2 * FAINTEST_CONTRAST for way in ways)


def _is_frame(ring: NDArray[np.uint8], paper: int) -> bool:
    """Tell whether nearly all of a ring differs from the paper."""
    differs = np.abs(ring.astype(np.int16) - paper) >= 2 * FAINTEST_CONTRAST
    return bool(differs.mean() > LINE_COVERAGE)


def ink_from_deviation(deviation: NDArray[np.uint8], noise: float = 0) -> Ink:
    """Scale the deviation from the paper to 0..1 and leave out what is no stroke of the digit.

    What deviates by less than `noise` is paper, and so is all, unless some ink is twice as strong.

    Parameters
    ----------
    deviation : ndarray
        (height, width) uint8, gray levels by which each pixel differs from the paper.
    noise : float
        Gray levels by which the paper differs from itself; 0 where it is clean.

    Returns
    -------
    Ink
        (height, width) float32, 0 (paper) to 1 (full ink): the part of the picture with ink.

    Raises
    ------
    BlankDrawing
        Nothing stands out from the paper.
    """
    peak = int(deviation.max())
    if peak < max(FAINTEST_CONTRAST, 2 * noise):
        raise BlankDrawing("Nothing is drawn; draw a digit first.")
    mask = deviation >= int(np.ceil(max(INK_THRESHOLD * peak, noise)))
    factor = min(max(1, max(mask.shape) // 64), COARSEST)
    coarse = _coarsen(mask, factor)
    if max(coarse.mean(axis=0).max(), coarse.mean(axis=1).max()) >= LINE_COVERAGE:
        if noise > 0:
            mask = _without_dust(mask, deviation, 1)  # specks would lie at the ends of a line
        mask = _without_lines(mask)
        coarse = _coarsen(mask, factor)
    if noise > 0 or coarse.mean() > NOISY_COVERAGE:
        coarse, factor = mask, 1
    # From here on only the part of the picture that has ink is looked at: most have little.
    kept = _without_dust(coarse, deviation, factor)
    part = _box(kept)
    box = part[0] * factor, part[1] * factor, part[2] * factor, part[3] * factor
    mask = _cut(mask, box)
    if kept is not coarse:
        fine = _cut(kept, part).repeat(factor, axis=0).repeat(factor, axis=1)
        mask = mask & fine[: mask.shape[0], : mask.shape[1]]
    return (_cut(deviation, box) * mask).astype(np.float32) / np.float32(peak)


def _coarsen(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """See a mask on a coarse grid, in which a cell is ink where it holds some."""
    return _join_rows(_join_rows(mask, factor).T, factor).T


def _join_rows(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """See so many rows as one, in which is ink what is ink in any of them."""
    joined = mask[::factor].copy()
    for offset in range(1, factor):
        rows = mask[offset::factor]
        joined[: len(rows)] |= rows
    return joined


def _without_dust(
    mask: NDArray[np.bool_], deviation: NDArray[np.uint8], factor: int
) -> NDArray[np.bool_]:
    """Leave out pieces that are tiny beside the largest one, on a grid of so many px a cell."""
    pieces, count = ndimage.label(mask, structure=TOUCHING)
    if count <= 1:
        return mask
    labels = pieces.ravel()
    areas = np.bincount(labels)
    areas[0] = 0
    is_kept = areas >= SPECK_SHARE * areas.max()
    if factor > 1:  # one cell can be more than that share, however little of it is ink
        masses = np.bincount(labels, np.asarray(Image.fromarray(deviation).reduce(factor)).ravel())
        masses[0] = 0
        is_kept &= masses >= SPECK_SHARE * masses.max()
    kept: NDArray[np.bool_] = is_kept[pieces]
    return kept


def _without_lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Erase ruled lines and frames: what runs from edge to edge while the rest keeps clear.

    A stroke that crosses a line keeps the crossing. A bar of the digit itself stays, since the
    rest of the digit ends where the bar does, or nothing is left without it.
    """
    rows, columns = _lines(mask), _lines(mask.T)
    if not rows.any() and not columns.any():
        return mask
    rest = mask & ~rows[:, None] & ~columns
    if np.count_nonzero(rest) < SPECK_SHARE * np.count_nonzero(mask):
        return mask
    ends = [
        np.count_nonzero(np.diff(lines, prepend=False, append=False)) for lines in (rows, columns)
    ]
    is_frame = bool(min(ends) >= 4)  # two lines each way, with two ends each
    mask = _erase(mask, rest, rows, is_frame=is_frame)
    return _erase(mask.T, rest.T, columns, is_frame=is_frame).T


def _lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows that are nearly full of ink, if they are few: (height,) bool."""
    full: NDArray[np.bool_] = mask.mean(axis=1) >= LINE_COVERAGE
    return full if full.mean() <= 4 * FRAME_SHARE else np.zeros_like(full)


def _erase(
    mask: NDArray[np.bool_], rest: NDArray[np.bool_], lines: NDArray[np.bool_], *, is_frame: bool
) -> NDArray[np.bool_]:
    """Erase rows of lines, if the rest keeps clear of both ends; crossing strokes stay."""
    margin = max(1, round(LINE_MARGIN * mask.shape[1]))
    reaches_edges = mask[lines][:, [0, -1]].any(axis=0).all()
    keeps_clear = not rest[:, :margin].any() and not rest[:, -margin:].any()
    if not keeps_clear or not (reaches_edges or is_frame):
        return mask
    erased = mask.copy()
    for row in np.flatnonzero(lines):
        erased[row] = mask[row] & erased[row - 1] if row else False
    return erased


def crop(ink: Ink) -> Ink:
    """Cut to the box of the ink.

    Parameters
    ----------
    ink : Ink
        (height, width) float32.

    Returns
    -------
    Ink
        The part of it in which there is ink.

    Raises
    ------
    BlankDrawing
        There is none.
    """
    peak = ink.max(initial=0)
    if peak <= 0:
        raise BlankDrawing("Nothing is drawn; draw a digit first.")
    return _cut(ink, _box(ink >= INK_THRESHOLD * peak))


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Box around what is set, which is something: top, bottom, left, right."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _cut(picture: NDArray[Pixel], box: tuple[int, int, int, int]) -> NDArray[Pixel]:
    """Cut a box (top, bottom, left, right) out of a picture."""
    top, bottom, left, right = box
    return picture[top:bottom, left:right]
