"""One digit becomes many: other pens, slants, proportions and hands; randomness is passed in."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from joblib import Parallel
from numpy.typing import NDArray
from scipy import ndimage

from ml.drawing.canonical import CANONICAL_BOX, CANONICAL_SIZE, FAINT_LINE, Digits, canonical_digit
from ml.errors import BlankDrawing
from ml.parallel import repeatable

ZOOM: Final = 2
"""Pixels of the working picture for each canonical one."""
SIDE: Final = 80
"""Side of the working picture: room for a digit that is stretched to twice its size."""
HAIRLINE_REACH: Final = 3
"""Side of the square, in canonical pixels, whose darkest ink is taken for full ink."""
SHIFTS: Final = 4
"""Places of a coarse grid that are told apart, within one of its cells."""
TWO_TONE: Final = 0.4
"""Share of coarse pictures that are black and white."""
CHUNK: Final = 250
"""Digits augmented by one random generator; chunks are what processes share out."""

Pictures = NDArray[np.float32]
"""Working pictures: (n, 80, 80) float32, 0 to 1."""
Masks = NDArray[np.bool_]
"""Working pictures in which a pixel is ink or not: (n, 80, 80) bool."""


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """How far digits are changed.

    Widths and displacements are in canonical pixels, of which a digit has 20 on its longer side.

    Parameters
    ----------
    rotation_degrees : float
        Standard deviation of the rotation.
    slant_mean, slant : float
        Mean and standard deviation of the shear, px to the right for one px up.
    stretch_x, stretch_y : float
        Standard deviation of the logarithm of the scale along each axis.
    warp_knots : int
        Points along each side of the random grid that bends the digit.
    warp : float
        Largest standard deviation of a grid point's displacement, in px; each digit draws its own
        from a fifth of this upward.
    pen_widths : tuple of float
        Thinnest and thickest pen, in px.
    pen_wobble : float
        Standard deviation of the relative change of pen width along the lines, where it changes.
    skeleton_share, rim_share, wobble_share : float
        Shares of digits that are redrawn along their skeleton with another pen, that are made
        thicker or thinner from the rim, and, of the redrawn, whose pen width changes along the
        lines. The other digits keep their pen.
    blur : tuple of float
        Smallest and largest standard deviation of the blur that half of the digits get, in px.
    contrast : float
        Largest factor by which three of ten digits are made harder.
    """

    rotation_degrees: float = 9.0
    slant_mean: float = 0.08
    slant: float = 0.22
    stretch_x: float = 0.18
    stretch_y: float = 0.12
    warp_knots: int = 6
    warp: float = 1.4
    pen_widths: tuple[float, float] = (1.6, 4.6)
    pen_wobble: float = 0.35
    skeleton_share: float = 0.5
    rim_share: float = 0.25
    wobble_share: float = 0.3
    blur: tuple[float, float] = (0.25, 0.7)
    contrast: float = 2.0


TYPEFACE: Final = AugmentationSettings()
"""Typefaces must become handwriting: everything is changed, and much."""
CORRECTION: Final = AugmentationSettings(
    rotation_degrees=6.0,
    slant_mean=0.0,
    slant=0.12,
    stretch_x=0.1,
    stretch_y=0.08,
    warp=0.9,
    skeleton_share=0.2,
    rim_share=0.4,
    wobble_share=0.2,
)
"""Handwriting is one already: it is changed less, so that its shape stays its author's."""


def augment(
    images: Digits,
    copies: int,
    seed: int,
    settings: AugmentationSettings = TYPEFACE,
    *,
    jobs: int = 1,
    report: Callable[[float], None] = lambda fraction: None,
) -> Digits:
    """Make changed copies of digits.

    The outcome depends on the arguments before `jobs` only, whatever the number of processes.

    Parameters
    ----------
    images : Digits
        (n, 28, 28) uint8 canonical digits.
    copies : int
        Copies of each digit.
    seed : int
        Where randomness begins.
    settings : AugmentationSettings
        How far digits are changed.
    jobs : int
        Processes that work on it.
    report : callable
        Told the fraction done, 0 to 1, from time to time.

    Returns
    -------
    Digits
        (n * copies, 28, 28) uint8 canonical digits: the copies of the first, of the second, ...
    """
    repeated = np.repeat(images, copies, axis=0)
    chunks = [repeated[start : start + CHUNK] for start in range(0, len(repeated), CHUNK)]
    if not chunks:
        return repeated
    seeds = np.random.SeedSequence(seed).spawn(len(chunks))
    tasks = (
        repeatable(augment_once, chunk, np.random.default_rng(own), settings)
        for chunk, own in zip(chunks, seeds, strict=True)
    )
    changed = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    for done, (original, outcome) in enumerate(zip(chunks, changed, strict=True), start=1):
        original[:] = outcome  # a view of `repeated`: no second array of that size is needed
        report(done / len(chunks))
    return repeated


def augment_once(
    images: Digits, rng: np.random.Generator, settings: AugmentationSettings = TYPEFACE
) -> Digits:
    """Change each digit once.

    Parameters
    ----------
    images : Digits
        (n, 28, 28) uint8 canonical digits.
    rng : numpy.random.Generator
        Source of randomness.
    settings : AugmentationSettings
        How far digits are changed.

    Returns
    -------
    Digits
        (n, 28, 28) uint8 canonical digits. A digit of which nothing was left stays as it was.
    """
    count = len(images)
    ink = enlarge(images)
    masks = ink > 0.5
    way = rng.random(count)
    redrawn = way < settings.skeleton_share
    widened = ~redrawn & (way < settings.skeleton_share + settings.rim_share)
    radius = rng.uniform(*settings.pen_widths, count) * ZOOM / 2
    ink[widened] = change_rim(masks[widened], radius[widened])
    ink[redrawn] = skeletonize(masks[redrawn])
    ink = _warp(ink, rng, settings)
    ink[redrawn] = _draw_lines(ink[redrawn] > 0.3, radius[redrawn], rng, settings)
    blur = settings.blur[0] * ZOOM, settings.blur[1] * ZOOM
    ink = soften(ink, rng, blur, settings.contrast)
    digits = images.copy()
    for index, picture in enumerate(ink):
        try:
            digits[index] = canonical_digit(picture)
        except BlankDrawing:
            continue
    return digits


def enlarge(images: Digits) -> Pictures:
    """Enlarge digits to working pictures.

    Parameters
    ----------
    images : Digits
        (n, 28, 28) uint8 canonical digits.

    Returns
    -------
    Pictures
        (n, 80, 80) float32, 0 to 1, the digit in the middle.
    """
    middle = (CANONICAL_SIZE - 1) / 2
    source = (np.arange(SIDE) - (SIDE - 1) / 2) / ZOOM + middle
    weights = np.maximum(1 - np.abs(source[:, None] - np.arange(CANONICAL_SIZE)), 0)
    matrix = weights.astype(np.float32)  # (80, 28)
    ink = images.astype(np.float32) / np.float32(255)
    # A hairline is gray on so small a picture; it is a line all the same, and must not break.
    ink /= np.maximum(ndimage.maximum_filter(ink, (1, HAIRLINE_REACH, HAIRLINE_REACH)), FAINT_LINE)
    # Interpolation makes edges twice as wide; without this the digit's box would grow, too.
    enlarged: Pictures = np.clip(2 * (matrix @ ink @ matrix.T) - np.float32(0.5), 0, 1)
    return enlarged


def change_rim(masks: Masks, radius: NDArray[np.float64]) -> Pictures:
    """Make lines thicker or thinner by moving their rim.

    Parameters
    ----------
    masks : Masks
        (n, 80, 80) bool.
    radius : ndarray
        (n,) half of the wanted pen width, in working pixels. A thin line is never made so thin
        that it breaks.

    Returns
    -------
    Pictures
        (n, 80, 80) float32, 0 to 1.
    """
    half = np.float32(0.5)  # pixels beside the rim are half a pixel from it
    reach = int(np.ceil(radius.max(initial=0))) + 2
    inside = np.where(masks, distances(masks) - half, half - distances(~masks, reach))
    area = np.maximum(masks.sum(axis=(1, 2)), 1)
    # Across a line, the mean distance to the rim is a quarter of the width, half of the radius.
    present = 2 * np.where(masks, inside, 0).sum(axis=(1, 2)) / area
    growth = np.maximum(radius - present, -0.5 * present)[:, None, None]
    changed: Pictures = np.clip(inside + growth + half, 0, 1).astype(np.float32)
    return changed


def skeletonize(masks: Masks) -> Masks:
    """Thin lines to one pixel.

    Parameters
    ----------
    masks : Masks
        (n, height, width) bool; a rim of one pixel must be empty.

    Returns
    -------
    Masks
        (n, height, width) bool.

    References
    ----------
    Zhang, Suen, "A fast parallel algorithm for thinning digital patterns", Communications of the
    ACM 27 (1984) 236-239.
    """
    # Each bit is one picture's, so that a word's logic thins 64 of them at once.
    spare = -len(masks) % 64
    padded = np.pad(masks, [(0, spare), (0, 0), (0, 0)])
    bits = np.packbits(padded, axis=0, bitorder="little")  # (8 w, height, width) uint8
    words = np.ascontiguousarray(np.moveaxis(bits, 0, -1)).view(np.uint64)  # (height, width, w)
    before = np.zeros_like(words)
    while not np.array_equal(before, words):
        before = words.copy()
        for is_second in (False, True):
            words[1:-1, 1:-1] &= ~_removable(words, is_second=is_second)
    thinned = np.moveaxis(words.view(np.uint8), -1, 0)
    lines = np.unpackbits(thinned, axis=0, count=len(masks), bitorder="little")
    return lines.view(np.bool_)


def distances(masks: Masks, reach: int = SIDE) -> Pictures:
    """Distance of each pixel that is set from the nearest one that is not.

    Parameters
    ----------
    masks : Masks
        (n, height, width) bool.
    reach : int
        Distance up to which the answer must be exact; beyond, it is at least this. Looking less
        far takes less time.

    Returns
    -------
    Pictures
        (n, height, width) float32, in working pixels; 0 where `masks` is not set. Beyond the
        edges nothing is unset.

    References
    ----------
    Saito, Toriwaki, "New algorithms for Euclidean distance transformation of an n-dimensional
    digitized picture with applications", Pattern Recognition 27 (1994) 1551-1565: first along
    rows, then the least over columns; here for many pictures at once.
    """
    reach = min(reach, max(masks.shape[1:]))
    along = masks.astype(np.uint16)  # steps to the nearest unset pixel of the row, at most `reach`
    survives = masks.copy()
    for step in range(1, reach):
        survives[:, :, step:] &= masks[:, :, :-step]
        survives[:, :, :-step] &= masks[:, :, step:]
        if not survives.any():
            break
        along += survives
    squares = along * along
    nearest = squares.copy()
    for step in range(1, reach):
        square = np.uint16(step * step)
        if square >= nearest.max(initial=0):
            break
        np.minimum(nearest[:, step:], squares[:, :-step] + square, out=nearest[:, step:])
        np.minimum(nearest[:, :-step], squares[:, step:] + square, out=nearest[:, :-step])
    far: Pictures = np.sqrt(nearest, dtype=np.float32)
    return far


def soften(
    ink: Pictures, rng: np.random.Generator, blur: tuple[float, float], contrast: float
) -> Pictures:
    """Blur half of the pictures a little and make three of ten harder.

    Parameters
    ----------
    ink : Pictures
        (n, height, width) float32, 0 to 1.
    rng : numpy.random.Generator
        Source of randomness.
    blur : tuple of float
        Smallest and largest standard deviation of the blur, in pixels of the picture.
    contrast : float
        Largest factor by which ink is multiplied.

    Returns
    -------
    Pictures
        (n, height, width) float32, 0 to 1; the darkest ink of each is 1.
    """
    count = len(ink)
    sigma = rng.uniform(*blur, count) * (rng.random(count) < 0.5)
    reach = int(np.ceil(2 * blur[1]))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / np.maximum(sigma, 1e-3)[:, None]) ** 2)
    kernel = (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)  # (n, taps)
    for axis in (1, 2):
        padding = [(0, 0), (0, 0), (0, 0)]
        padding[axis] = (reach, reach)
        padded = np.pad(ink, padding)
        length = ink.shape[axis]
        ink = np.zeros_like(ink)
        for tap in range(len(offsets)):
            window = [slice(None)] * 3
            window[axis] = slice(tap, tap + length)
            ink += kernel[:, tap, None, None] * padded[tuple(window)]
    gain = np.where(rng.random(count) < 0.3, rng.uniform(1, contrast, count), 1)
    peak = np.maximum(ink.max(axis=(1, 2)), 1e-6)
    scaled: Pictures = np.minimum(ink * (gain / peak).astype(np.float32)[:, None, None], 1)
    return scaled


def coarsen(
    ink: Pictures, rng: np.random.Generator, share: float, cells: tuple[int, int]
) -> Pictures:
    """Take some digits with a coarse grid, as old scanners and small pictures do.

    Each cell gets the mean of its ink, and some pictures become black and white; then the cells are
    interpolated linearly, as they are when a small picture becomes a canonical digit.

    Parameters
    ----------
    ink : Pictures
        (n, 28, 28) float32, 0 to 1: canonical digits.
    rng : numpy.random.Generator
        Source of randomness.
    share : float
        Share of the digits to which this happens, 0 to 1.
    cells : tuple of int
        Fewest and most cells along the longer side of the digit.

    Returns
    -------
    Pictures
        (n, 28, 28) float32, 0 to 1.
    """
    chosen = np.flatnonzero(rng.random(len(ink)) < share)
    counts = rng.integers(cells[0], cells[1] + 1, len(chosen))
    shifts = rng.integers(0, SHIFTS, len(chosen))
    limits = rng.uniform(0.3, 0.6, len(chosen))
    two_tone = rng.random(len(chosen)) < TWO_TONE
    coarse = ink.copy()
    for digit, count, shift, limit, hard in zip(
        chosen, counts, shifts, limits, two_tone, strict=True
    ):
        average, interpolate = _grid_matrices(int(count), int(shift))
        grid = average @ ink[digit] @ average.T
        if hard:
            grid = (grid > limit * grid.max()).astype(np.float32)
        coarse[digit] = interpolate @ grid @ interpolate.T
    return coarse


@functools.cache
def _grid_matrices(count: int, shift: int) -> tuple[Pictures, Pictures]:
    """Matrices that average 28 px into cells, and that interpolate 28 px from cells.

    The cells are 20 / count px wide; the grid is moved by shift / SHIFTS of a cell.
    """
    width = CANONICAL_BOX / count
    edges = (np.arange(np.ceil(CANONICAL_SIZE / width) + 2) - 1 + shift / SHIFTS) * width
    fine = (np.arange(CANONICAL_SIZE * 20) + 0.5) / 20  # a pixel counts for 20 places in it
    within = (fine >= edges[:-1, None]) & (fine < edges[1:, None])  # (cells, places)
    average = within.reshape(len(within), CANONICAL_SIZE, 20).sum(axis=2)
    average = average / np.maximum(average.sum(axis=1, keepdims=True), 1)
    place = (np.arange(CANONICAL_SIZE) + 0.5 - edges[0]) / width - 0.5
    distance = np.abs(place[:, None] - np.arange(len(within)))
    interpolate = np.maximum(1 - distance, 0)  # (28, cells)
    return average.astype(np.float32), interpolate.astype(np.float32)


_NEIGHBORS: Final = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Rows down and columns to the right, clockwise from above, as in the paper: P2, P3, ... P9."""


def _removable(words: NDArray[np.uint64], *, is_second: bool) -> NDArray[np.uint64]:
    """Tell which inner pixels of (height, width, w) go in the first or second pass of thinning."""
    height, width = words.shape[:2]
    ring = [words[1 + y : height - 1 + y, 1 + x : width - 1 + x] for y, x in _NEIGHBORS]
    begins, begins_twice, pair, gap = np.zeros((4, *ring[0].shape), np.uint64)
    for one, following in zip(ring, ring[1:] + ring[:1], strict=True):
        begin = ~one & following
        begins_twice |= begins & begin
        begins |= begin
        pair |= one & following
        gap |= ~(one | following)
    # Neighbors that begin once are in one piece, whose two pixels at least make a pair, and
    # whose six at most leave a gap.
    rim = begins & ~begins_twice & pair & gap
    up, right, down, left = ring[::2]
    corner = up & left & (right | down) if is_second else right & down & (up | left)
    removable: NDArray[np.uint64] = rim & ~corner
    return removable


def _warp(ink: Pictures, rng: np.random.Generator, settings: AugmentationSettings) -> Pictures:
    """Rotate, slant, stretch and bend each picture in its own way."""
    count = len(ink)
    angle = np.deg2rad(rng.normal(0, settings.rotation_degrees, count))
    slant = rng.normal(settings.slant_mean, settings.slant, count)
    shrink_y = np.exp(rng.normal(0, settings.stretch_y, count))
    shrink_x = np.exp(rng.normal(0, settings.stretch_x, count))
    cos, sin = np.cos(angle), np.sin(angle)
    # The matrix from a place in the new picture to its source: rotate, slant, stretch.
    to_y = np.stack([cos * shrink_y, -sin * shrink_x])
    to_x = np.stack([(sin + cos * slant) * shrink_y, (cos - sin * slant) * shrink_x])
    away = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    knots = settings.warp_knots
    spread = settings.warp * ZOOM * rng.uniform(0.2, 1, count)
    bends = spread[:, None, None, None] * rng.standard_normal((count, 2, knots, knots))
    basis = _smooth_basis(knots)
    source = basis @ bends.astype(np.float32) @ basis.T  # (n, 2, 80, 80): y and x
    for axis, matrix in enumerate((to_y, to_x)):
        from_y, from_x = matrix.astype(np.float32)[:, :, None, None]  # (n, 1, 1) each
        source[:, axis] += from_y * away[:, None] + from_x * away - away[0]
    return _sample(ink, source[:, 0], source[:, 1])


def _smooth_basis(knots: int) -> NDArray[np.float32]:
    """Matrix (80, knots) of cubic B-splines: smooth between knots spread evenly over the side."""
    position = np.linspace(0, knots - 1, SIDE)[:, None]
    return spline_weights(position - np.arange(knots)).astype(np.float32)


def spline_weights(offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weigh knots for a place between them by a cubic B-spline; those of one place sum to 1.

    Parameters
    ----------
    offsets : ndarray
        Any shape, float64: distances to knots, in distances between two knots.

    Returns
    -------
    ndarray
        The same shape, float64, 0 to 2/3; 0 from a distance of 2 on.
    """
    distance = np.abs(offsets)
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    weights: NDArray[np.float64] = np.where(distance < 1, near, far)
    return weights


def _sample(ink: Pictures, y: NDArray[np.float32], x: NDArray[np.float32]) -> Pictures:
    """Read pictures (n, 80, 80) at places between pixels, bilinearly; outside is paper."""
    inked = np.ones(y.shape, bool)  # places whose neighbors may have ink; the others are most
    for place, axes in ((y, (0, 2)), (x, (0, 1))):
        used = np.flatnonzero(ink.any(axis=axes))
        first, last = (used[0], used[-1]) if used.size else (0, 0)
        inked &= (place > max(first - 1, 0)) & (place < min(last + 1, SIDE - 1))
    where = np.flatnonzero(inked)
    y, x = y.ravel()[where], x.ravel()[where]
    row, column = y.astype(np.intp), x.astype(np.intp)
    dy, dx = y - row.astype(np.float32), x - column.astype(np.float32)
    index = where // SIDE**2 * SIDE**2 + row * SIDE + column
    flat = ink.ravel()
    upper = flat[index] * (1 - dx) + flat[index + 1] * dx
    lower = flat[index + SIDE] * (1 - dx) + flat[index + SIDE + 1] * dx
    sampled = np.zeros_like(ink)
    sampled.ravel()[where] = upper * (1 - dy) + lower * dy
    return sampled


def _draw_lines(
    lines: Masks,
    radius: NDArray[np.float64],
    rng: np.random.Generator,
    settings: AugmentationSettings,
) -> Pictures:
    """Draw along thin lines with a pen of this radius, which changes on the way for some."""
    basis = _smooth_basis(3)
    wobble = settings.pen_wobble * basis @ rng.standard_normal((len(lines), 3, 3)) @ basis.T
    wobbles = rng.random(len(lines)) < settings.wobble_share
    width = radius[:, None, None] * np.where(wobbles[:, None, None], 1 + wobble, 1)
    reach = int(np.ceil(width.max(initial=0))) + 2
    drawn: Pictures = np.clip(width - distances(~lines, reach) + 0.5, 0, 1).astype(np.float32)
    return drawn
