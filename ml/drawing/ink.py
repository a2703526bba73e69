"""What on a gray picture is ink, apart from paper, noise, frames, ruled lines and dust."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from scipy import ndimage

from ml.drawing.decorations import Decoration
from ml.errors import BlankDrawing

FAINTEST_CONTRAST: Final = 24
"""Gray levels (of 255) by which ink must at least differ from the paper."""
FLAWLESS_CONTRAST: Final = 10
"""The same on paper whose rim has one tone."""
INK_THRESHOLD: Final = 0.1
"""Share of the darkest ink from which a pixel belongs to the drawing."""
SPECK_SHARE: Final = 0.01
"""A piece with less than this share of the largest piece's area, or of its mass, is dust."""
NOISY_SIDE: Final = 64
"""Shorter side from which noise is smoothed; on a smaller picture that would blur the digit."""
NOISE_LEVEL: Final = 1.5
"""Median difference of neighbors on the paper, in gray levels, from which it is noisy."""
NOISE_DEVIATIONS: Final = 4
"""Standard deviations of the smoothed paper from which a pixel of a noisy picture is ink."""
NOISY_COVERAGE: Final = 0.3
"""Share of a coarse grid with ink from which specks may touch; then the full mask is used."""
COARSEST: Final = 16
"""Largest cell of the coarse grid; in one of 23 px, a pixel's share of its tone rounds to 0."""
FINE_CELLS: Final = 64
"""Cells along the ink's longer side, of twice the size, in which gaps are seen."""
LINE_COVERAGE: Final = 0.9
"""Share of ink from which a row belongs to a ruled line or a frame."""
LINE_MARGIN: Final = 0.03
"""Distance that the digit keeps from the ends of a line, as a share of the picture's side."""
FRAME_SHARE: Final = 0.06
"""Widest frame, as a share of the picture's shorter side."""
FRINGE_LEVEL: Final = 4
"""Gray levels from the paper at which a ring inside of a frame is the frame's blurred edge."""
LONGEST_CONTACT: Final = 0.3
"""Pixels on the rim, as a share of the ink's longer side, that a digit has at most."""
NOISY_SHARE: Final = 0.3
"""Deviation below which a pixel is paper, as a share of the peak, from which ink may be lost."""
WIDEST_COVERAGE: Final = 0.5
"""Share of the picture from which it is hardly strokes that differ from the paper."""
WIDE: Final = 1.1
"""Width of ink in several pieces, as a share of its height, that may be two digits."""
FULLEST: Final = 0.85
"""Share of its box from which ink is hardly strokes."""
THINNEST: Final = 0.4
"""Sides of a box that is narrower than this are taken for as much: a 1 fills its own."""
TOUCHING: Final = np.ones((3, 3), bool)
"""Pixels that touch, even at a corner, are one piece."""

Pixel = TypeVar("Pixel", bound=np.generic)
Ink = NDArray[np.float32]
"""Ink of one drawing: (height, width) float32, 0 (paper) to 1 (full ink)."""


class PlacedInk(NamedTuple):
    """Ink, and the row and column of the picture at which it begins."""

    ink: Ink
    top: int
    left: int
    is_doubtful: bool = False
    """Whether it may be more than a digit: several pieces, at the rim, or hardly strokes."""
    is_solid: bool = False
    """Whether it is rather a sheet or an object than strokes."""
    inset: int = 0
    """Width of a frame along the edges that was cut off."""
    has_gap: bool = False
    """Whether it is in several pieces, however near they are."""
    set_aside: tuple[Decoration, ...] = ()
    """What decorates the digit and is not part of the ink, in pixels of the picture."""


def ink_from_gray(gray: NDArray[np.uint8]) -> PlacedInk:
    """Find the ink of a gray picture (height, width): what differs from the tone of its rim.

    It may be dark on light or light on dark, with a frame, ruled lines or noise. Raises
    BlankDrawing if nothing stands out from the paper.
    """
    noisy = _is_noisy(gray)
    if noisy:
        gray = np.asarray(Image.fromarray(gray).filter(ImageFilter.BoxBlur(1)))
    gray, inset = _inside_of_frame(gray)
    paper = _rim_tone(gray)
    rim = _rim(gray)
    noise = NOISE_DEVIATIONS * _deviation(rim, paper) if noisy else 0
    least = FAINTEST_CONTRAST if noisy or np.ptp(rim) else FLAWLESS_CONTRAST
    # The deviations to either side sum to the deviation of the sum.
    is_dark = gray.sum(axis=0, dtype=np.uint32).sum(dtype=np.int64) <= paper * gray.size
    found = ink_from_deviation(_deviation_to(gray, paper, dark=is_dark), noise, least)
    if found.is_doubtful and min(gray.shape) < NOISY_SIDE:
        # A bold digit fills a small picture as a sheet does, but without ink on it. One with a gap
        # is taken as a whole, unless it is so wide that it may be two.
        has_ink = _deviation_to(gray, paper, dark=not is_dark).max() >= FAINTEST_CONTRAST
        is_wide = found.ink.shape[1] >= WIDE * found.ink.shape[0]
        found = found._replace(is_doubtful=has_ink if found.is_solid else is_wide)
    return found._replace(top=inset + found.top, left=inset + found.left, inset=inset)


def _deviation_to(gray: NDArray[np.uint8], paper: int, *, dark: bool) -> NDArray[np.uint8]:
    """Gray levels by which a picture is darker than the paper, or else lighter."""
    return paper - np.minimum(gray, paper) if dark else np.maximum(gray, paper) - paper


def _is_noisy(gray: NDArray[np.uint8]) -> bool:
    """Whether most neighbors on the rim differ; on clean paper few do."""
    if min(gray.shape) < NOISY_SIDE:
        return False
    rim = _rim(gray)
    return _median(np.maximum(rim[1:], rim[:-1]) - np.minimum(rim[1:], rim[:-1])) >= NOISE_LEVEL


def _deviation(tones: NDArray[np.uint8], middle: int) -> float:
    """Standard deviation of tones from their median, by the median deviation: robust to ink."""
    return 1.4826 * _median(np.maximum(tones, middle) - np.minimum(tones, middle))


def _rim_tone(gray: NDArray[np.uint8], inset: int = 0) -> int:
    """Median tone of the ring of pixels that lies `inset` px inside of the edges."""
    return _median(_rim(gray, inset))


def _median(tones: NDArray[np.uint8]) -> int:
    """Median of tones (n,), rounded down; faster on few of them than NumPy's."""
    low, high = (len(tones) - 1) // 2, len(tones) // 2
    ordered = np.partition(tones, (low, high))
    return (int(ordered[low]) + int(ordered[high])) // 2


def _rim(gray: NDArray[np.uint8], inset: int = 0) -> NDArray[np.uint8]:
    """Pixels (n,) of the ring that lies `inset` px inside of the edges."""
    inner = gray[inset : gray.shape[0] - inset, inset : gray.shape[1] - inset]
    return np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])


def _inside_of_frame(gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """Cut off a frame that runs along the edges, if there is one; return its width as well."""
    widest = int(FRAME_SHARE * min(gray.shape))
    if not widest or not _may_have_frame(gray, widest):
        return gray, 0
    paper = _rim_tone(gray, widest)
    if not any(_is_frame(_rim(gray, ring), paper) for ring in range(widest)):
        return gray, 0
    # The frame's edge may be blurred, or ring where the picture was compressed.
    rings = [r for r in range(widest) if abs(_rim_tone(gray, r) - paper) >= FRINGE_LEVEL]
    inset = rings[-1] + 1
    return gray[inset : gray.shape[0] - inset, inset : gray.shape[1] - inset], inset


def _may_have_frame(gray: NDArray[np.uint8], widest: int) -> bool:
    """Whether a frame is met from the middle of all four sides: a quick look before the rings."""
    row, column = gray[gray.shape[0] // 2], gray[:, gray.shape[1] // 2]
    ways = (row[: widest + 1], row[-widest - 1 :], column[: widest + 1], column[-widest - 1 :])
    return all(int(way.max()) - int(way.min()) >= 2 * FAINTEST_CONTRAST for way in ways)


def _is_frame(ring: NDArray[np.uint8], paper: int) -> bool:
    """Whether nearly all of a ring differs from the paper."""
    differs = np.abs(ring.astype(np.int16) - paper) >= 2 * FAINTEST_CONTRAST
    return bool(differs.mean() > LINE_COVERAGE)


def ink_from_deviation(
    deviation: NDArray[np.uint8], noise: float = 0, least: int = FAINTEST_CONTRAST
) -> PlacedInk:
    """Scale gray levels of deviation from the paper (height, width) to ink, without dust and lines.

    A pixel that deviates by less than `noise` is paper. Raises BlankDrawing if none deviates twice
    as much and by at least `least`.
    """
    strongest = deviation.max(axis=0)  # of each column
    peak = int(strongest.max())
    if peak < max(least, 2 * noise):
        raise BlankDrawing("Nothing is drawn; draw a digit first.")
    faintest = int(np.ceil(max(INK_THRESHOLD * peak, noise)))
    factor = min(max(1, max(deviation.shape) // 64), COARSEST)
    high, wide = (-(-side // factor) for side in deviation.shape)  # cells
    # Only the part with ink matters; in most pictures it is small.
    left, right = _ends(strongest >= faintest, factor)
    top, bottom = _ends(deviation[:, left:right].max(axis=1) >= faintest, factor)
    whole, deviation = deviation, deviation[top:bottom, left:right]
    mask = deviation >= faintest
    coverage = float(np.count_nonzero(mask)) / whole.size
    coarse = _coarsen(mask, factor)
    fullest = max(coarse.sum(axis=0).max() / high, coarse.sum(axis=1).max() / wide)
    if fullest >= LINE_COVERAGE:
        top, left, deviation, mask = 0, 0, whole, whole >= faintest
        if noise > 0:
            mask, _ = _without_dust(mask, deviation, 1)  # specks would lie at the ends of a line
        mask = _without_lines(mask)
        coarse = _coarsen(mask, factor)
    if noise > 0 or np.count_nonzero(coarse) / (high * wide) > NOISY_COVERAGE:
        coarse, factor = mask, 1
    kept, count = _without_dust(coarse, deviation, factor)
    part = box_of(kept)
    box = part[0] * factor, part[1] * factor, part[2] * factor, part[3] * factor
    mask = _cut(mask, box)
    if kept is not coarse:
        fine = _cut(kept, part).repeat(factor, axis=0).repeat(factor, axis=1)
        mask = mask & fine[: mask.shape[0], : mask.shape[1]]
    ink = (_cut(deviation, box) * mask).astype(np.float32) / np.float32(peak)
    box = top + box[0], top + box[1], left + box[2], left + box[3]
    is_solid = coverage > WIDEST_COVERAGE or np.count_nonzero(ink) > FULLEST * max(
        ink.size, THINNEST * max(ink.shape) ** 2
    )
    is_doubtful = (
        is_solid or count > 1 or noise > NOISY_SHARE * peak or _is_at_rim(mask, box, whole.shape)
    )
    has_gap = count > 1 or _has_narrow_gap(mask, factor)
    return PlacedInk(ink, box[0], box[2], is_doubtful, is_solid, has_gap=has_gap)


def _has_narrow_gap(mask: NDArray[np.bool_], factor: int) -> bool:
    """Whether ink that is small beside cells of `factor` px has a gap that they do not show."""
    fine = max(1, max(mask.shape) // FINE_CELLS)
    if factor < 2 * fine:
        return False
    return bool(ndimage.label(_coarsen(mask, fine), structure=TOUCHING)[1] > 1)


def _ends(is_set: NDArray[np.bool_], step: int = 1) -> tuple[int, int]:
    """Where the first set one stands and the last one ends, on a grid of `step`."""
    first, last = int(is_set.argmax()), len(is_set) - int(is_set[::-1].argmax())
    return first - first % step, last + -last % step


def _is_at_rim(
    mask: NDArray[np.bool_], box: tuple[int, int, int, int], shape: tuple[int, ...]
) -> bool:
    """Whether ink, in its box, touches the rim of a picture of this shape as no digit does."""
    sides = (
        (mask[0], box[0] == 0),
        (mask[-1], box[1] >= shape[0]),
        (mask[:, 0], box[2] == 0),
        (mask[:, -1], box[3] >= shape[1]),
    )
    contacts = [int(np.count_nonzero(side)) for side, is_rim in sides if is_rim]
    return len(contacts) > 2 or sum(contacts) > LONGEST_CONTACT * max(mask.shape)


def _coarsen(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """Reduce a mask to cells of `factor` px; a cell with any ink is set."""
    return _join_rows(_join_rows(mask, factor).T, factor).T


def _join_rows(mask: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    """Join each `factor` rows to one by or."""
    joined = mask[::factor].copy()
    for offset in range(1, factor):
        rows = mask[offset::factor]
        joined[: len(rows)] |= rows
    return joined


def _without_dust(
    mask: NDArray[np.bool_], deviation: NDArray[np.uint8], factor: int
) -> tuple[NDArray[np.bool_], int]:
    """Leave out pieces that are tiny beside the largest one; count those that are kept.

    A cell of `mask` is `factor` px.
    """
    pieces, count = ndimage.label(mask, structure=TOUCHING)
    if count <= 1:
        return mask, count
    labels = pieces.ravel()
    areas = np.bincount(labels)
    areas[0] = 0
    is_kept = areas >= SPECK_SHARE * areas.max()
    if factor > 1:  # one cell can be more than that share, however little of it is ink
        masses = np.bincount(labels, np.asarray(Image.fromarray(deviation).reduce(factor)).ravel())
        masses[0] = 0
        is_kept &= masses >= SPECK_SHARE * masses.max()
    is_kept[0] = False
    kept: NDArray[np.bool_] = is_kept[pieces]
    return kept, int(np.count_nonzero(is_kept))


def _without_lines(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Erase ruled lines and frames: what runs from edge to edge while the rest keeps clear.

    A stroke that crosses a line keeps the crossing. A bar of the digit itself stays, since the rest
    of the digit ends where the bar does, or nothing would be left.
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
    """Erase rows of lines if the rest keeps clear of both ends; crossing strokes stay."""
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
    """Cut ink to its box. Raises BlankDrawing if there is none."""
    peak = ink.max(initial=0)
    if peak <= 0:
        raise BlankDrawing("Nothing is drawn; draw a digit first.")
    return _cut(ink, box_of(ink >= INK_THRESHOLD * peak))


def box_of(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Box around the set pixels, of which there must be one: top, bottom, left, right."""
    rows, columns = (np.asarray(mask.any(axis=axis)) for axis in (1, 0))
    return *_ends(rows), *_ends(columns)


def _cut(picture: NDArray[Pixel], box: tuple[int, int, int, int]) -> NDArray[Pixel]:
    top, bottom, left, right = box
    return picture[top:bottom, left:right]
