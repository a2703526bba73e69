"""One digit becomes many: with other pens, slants, proportions and bends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from joblib import Parallel
from numpy.typing import NDArray
from scipy import ndimage

from ml.drawing.batches import canonical_inks
from ml.drawing.canonical import CANONICAL_SIZE, FAINT_LINE, Digits
from ml.drawing.raster import interpolate, squared_distances
from ml.parallel import repeatable
from ml.writing.scanning import soften
from ml.writing.skeleton import skeletonize

ZOOM: Final = 2
"""Pixels of the working picture for each canonical one."""
SIDE: Final = 80
"""Side of the working picture: room for a digit that is stretched to twice its size."""
HAIRLINE_REACH: Final = 3
"""Side of the square, in canonical pixels, whose darkest ink counts as full ink."""
CHUNK: Final = 250
"""Digits that one process augments at a time, with one random generator."""

CACHED: Final = 16
"""Working pictures that are changed together: so many fit into a processor's cache."""

Pictures = NDArray[np.float32]
"""Working pictures: (n, 80, 80) float32, 0 to 1."""
Masks = NDArray[np.bool_]
"""Working pictures of ink or paper only: (n, 80, 80) bool."""


@dataclass(frozen=True, slots=True)
class AugmentationSettings:
    """How far digits are changed.

    Widths and displacements are in canonical pixels, of which a digit has 20 on its longer side.
    """

    rotation_degrees: float = 9.0
    """Standard deviation of the rotation."""
    slant_mean: float = 0.08
    slant: float = 0.22
    """Mean and standard deviation of the shear, px to the right for one px up."""
    stretch_x: float = 0.18
    stretch_y: float = 0.12
    """Standard deviation of the logarithm of the scale along each axis."""
    warp_knots: int = 6
    """Points along each side of the random grid that bends the digit."""
    warp: float = 1.4
    """Largest standard deviation of a grid point's displacement, in px; each digit draws its own
    from a fifth of this upward."""
    pen_widths: tuple[float, float] = (1.6, 4.6)
    """Thinnest and thickest pen, in px."""
    pen_wobble: float = 0.35
    """Standard deviation of the relative change of pen width along the lines, where it changes."""
    skeleton_share: float = 0.5
    rim_share: float = 0.25
    wobble_share: float = 0.3
    """Shares of digits that are redrawn along their skeleton with another pen, that are made
    thicker or thinner from the rim, and, of the redrawn, whose pen width changes along the lines.
    The other digits keep their pen."""
    blur: tuple[float, float] = (0.25, 0.7)
    """Smallest and largest standard deviation of the blur that half of the digits get, in px."""
    contrast: float = 2.0
    """Largest factor by which three of ten digits are made harder."""


TYPEFACE: Final = AugmentationSettings()
"""Typefaces must become handwriting: all is changed, and much."""
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
"""Handwriting is changed less, so that its shape stays its author's."""


def augment(
    images: Digits,
    copies: int,
    seed: int,
    settings: AugmentationSettings = TYPEFACE,
    *,
    jobs: int = 1,
    report: Callable[[float], None] = lambda fraction: None,
) -> Digits:
    """Make `copies` changed copies of each of n canonical digits: of the first, of the second, ...

    The outcome depends on the arguments before `jobs` only, whatever the number of processes;
    `report` gets the fraction done, 0 to 1, from time to time.
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
    """Change each canonical digit once; a digit of which nothing would be left stays as it was."""
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
    digits = canonical_inks(ink)
    is_blank = ~digits.any(axis=(1, 2))
    digits[is_blank] = images[is_blank]
    return digits


def enlarge(images: Digits) -> Pictures:
    """Enlarge canonical digits (n, 28, 28) to working pictures, the digit in the middle."""
    middle = (CANONICAL_SIZE - 1) / 2
    source = (np.arange(SIDE) - (SIDE - 1) / 2) / ZOOM + middle
    weights = np.maximum(1 - np.abs(source[:, None] - np.arange(CANONICAL_SIZE)), 0)
    matrix = weights.astype(np.float32)  # (80, 28)
    ink = images.astype(np.float32) / np.float32(255)
    # A hairline is gray on so small a picture, but it is a line and must not break.
    ink /= np.maximum(ndimage.maximum_filter(ink, (1, HAIRLINE_REACH, HAIRLINE_REACH)), FAINT_LINE)
    # Interpolation makes edges twice as wide; without this the digit's box would grow, too.
    enlarged: Pictures = np.clip(2 * (matrix @ ink @ matrix.T) - np.float32(0.5), 0, 1)
    return enlarged


def change_rim(masks: Masks, radius: NDArray[np.float64]) -> Pictures:
    """Make lines thicker or thinner by moving their rim.

    `radius` (n,) is half of the wanted pen width, in working pixels. A thin line is never made so
    thin that it breaks.
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


def distances(masks: Masks, reach: int = SIDE) -> Pictures:
    """Distance in px of each set pixel from the nearest unset one, exact if below `reach`."""
    apart = np.empty(masks.shape, np.float32)
    for at in range(0, len(masks), CACHED):
        squares = squared_distances(masks[at : at + CACHED], min(reach, max(masks.shape[1:])))
        np.sqrt(squares, dtype=np.float32, out=apart[at : at + CACHED])
    return apart


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
    moves = bends.astype(np.float32)
    warped = np.empty_like(ink)
    for at in range(0, count, CACHED):
        some = slice(at, at + CACHED)
        source: NDArray[Any] = basis @ moves[some] @ basis.T  # (n, 2, 80, 80): y and x
        for axis, matrix in enumerate((to_y, to_x)):
            from_y, from_x = matrix[:, some].astype(np.float32)[:, :, None, None]  # (n, 1, 1) each
            source[:, axis] += from_y * away[:, None] + from_x * away - away[0]
        warped[some] = _sample(ink[some], source[:, 0], source[:, 1])
    return warped


def _smooth_basis(knots: int) -> NDArray[np.float32]:
    """Matrix (80, knots) of cubic B-splines: smooth between knots spread evenly over the side."""
    position = np.linspace(0, knots - 1, SIDE)[:, None]
    return spline_weights(position - np.arange(knots)).astype(np.float32)


def spline_weights(offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of knots for a place between them by a cubic B-spline, 0 to 2/3; they sum to 1.

    The offsets (any shape) are in distances between two knots; from 2 on, the weight is 0.
    """
    distance = np.abs(offsets)
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    weights: NDArray[np.float64] = np.where(distance < 1, near, far)
    return weights


def _sample(ink: Pictures, y: NDArray[np.float32], x: NDArray[np.float32]) -> Pictures:
    """Read pictures (n, 80, 80) at places between pixels, bilinearly; outside is paper."""
    inked = np.ones(y.shape, bool)  # places whose neighbors may have ink; most have none
    for place, axes in ((y, (0, 2)), (x, (0, 1))):
        used = np.flatnonzero(ink.any(axis=axes))
        first, last = (used[0], used[-1]) if used.size else (0, 0)
        inked &= (place > max(first - 1, 0)) & (place < min(last + 1, SIDE - 1))
    where = np.flatnonzero(inked)
    sampled = np.zeros_like(ink)
    places = y.ravel()[where], x.ravel()[where]
    sampled.ravel()[where] = interpolate(ink, where // SIDE**2, *places)
    return sampled


def _draw_lines(
    lines: Masks,
    radius: NDArray[np.float64],
    rng: np.random.Generator,
    settings: AugmentationSettings,
) -> Pictures:
    """Draw along thin lines with a pen of this radius, which changes on the way for some."""
    basis = _smooth_basis(3)
    knots = rng.standard_normal((len(lines), 3, 3))
    wobbles = rng.random(len(lines)) < settings.wobble_share
    drawn = np.empty(lines.shape, np.float32)
    for at in range(0, len(lines), CACHED):
        some = slice(at, at + CACHED)
        wobble = settings.pen_wobble * basis @ knots[some] @ basis.T
        changes = np.where(wobbles[some, None, None], 1 + wobble, 1)
        width = radius[some, None, None] * changes
        reach = int(np.ceil(width.max())) + 2
        drawn[some] = np.clip(width - distances(~lines[some], reach) + 0.5, 0, 1)
    return drawn
