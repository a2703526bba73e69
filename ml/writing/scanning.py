"""How pictures of digits are taken: blurred, hard, or with a coarse grid."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.drawing.canonical import CANONICAL_BOX, CANONICAL_SIZE

CHUNK: Final = 32
"""Pictures that are blurred together: so many fit into a processor's cache."""
SHIFTS: Final = 4
"""Steps by which a coarse grid is moved within one of its cells."""
TWO_TONE: Final = 0.4
"""Share of coarse pictures that are black and white."""

Pictures = NDArray[np.float32]
"""(n, height, width) float32, 0 to 1."""


def soften(
    ink: Pictures, rng: np.random.Generator, blur: tuple[float, float], contrast: float
) -> Pictures:
    """Blur half of the pictures a little and make three of ten harder; the darkest ink becomes 1.

    `blur` is the smallest and largest standard deviation in pixels of the picture, `contrast` the
    largest factor by which ink is multiplied.
    """
    count = len(ink)
    sigma = rng.uniform(*blur, count)
    blurred = np.flatnonzero(rng.random(count) < 0.5)
    reach = int(np.ceil(2 * blur[1]))
    ink = ink.copy()
    for start in range(0, len(blurred), CHUNK):
        chosen = blurred[start : start + CHUNK]
        ink[chosen] = _blur(ink[chosen], sigma[chosen], reach)
    gain = np.where(rng.random(count) < 0.3, rng.uniform(1, contrast, count), 1)
    peak = np.maximum(ink.max(axis=(1, 2)), 1e-6)
    scaled: Pictures = np.minimum(ink * (gain / peak).astype(np.float32)[:, None, None], 1)
    return scaled


def _blur(ink: Pictures, sigma: NDArray[np.float64], reach: int) -> Pictures:
    """Blur each picture by a Gaussian of its own `sigma` (n,) that ends at `reach` pixels."""
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
    return ink


def coarsen(
    ink: Pictures, rng: np.random.Generator, share: float, cells: tuple[int, int]
) -> Pictures:
    """Take a share of canonical digits (n, 28, 28) with a coarse grid, as old scanners do.

    Each cell gets the mean of its ink, and some pictures become black and white. Then the cells, of
    which `cells` says the fewest and most along the longer side of the digit, are interpolated
    linearly, as they are when a small picture becomes a canonical digit.
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
