"""scikit-learn transformers from canonical digits to what the classifier learns from."""

from __future__ import annotations

import functools
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ml.drawing.canonical import CANONICAL_SIZE
from ml.drawing.raster import interpolate

DIRECTIONS: Final = 8
"""Directions of the gradient, 45 degrees apart."""
CHUNK: Final = 50
"""Digits transformed at once, so that memory stays small and in the cache: with 200, maps of
directions take more than twice the time."""
SMALLEST_MOMENT: Final = np.float32(0.5)
"""Smallest second moment in use, in square px: that of a line of two px."""
ZOOM: Final = (0.4, 2.0)
"""Fewest and most px of the digit that become one px of the normalized one."""

PLACES: Final = np.arange(CANONICAL_SIZE, dtype=np.float32)
"""Rows, or columns, of a digit."""

Features = NDArray[np.float32]


class Stateless(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A transformer that learns nothing from data."""

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True


class MomentNormalization(Stateless):
    """Make slanted digits upright, narrow and flat ones less so, and center them exactly.

    A shear undoes the correlation of x and y in the digit's second moments. Then the larger of the
    two standard deviations of its ink becomes `size`, and the ratio of the other to it is raised to
    the power `evenness`: at 0 every digit would become as wide as high, at 1 the ratio stays.

    Parameters
    ----------
    max_slant : float, default=0.8
        Steepest shear, in px to the side for one px down.
    size : float, default=5.2
        Standard deviation of the ink, in px, along the longer side of the result.
    evenness : float, default=0.5
        Exponent, 0 to 1, of the ratio of both sides.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", Proc.
    IEEE 86 (1998) 2278-2324, deslanted MNIST by moments for several classifiers.

    Liu, Nakashima, Sako, Fujisawa, "Handwritten digit recognition: investigation of normalization
    and feature extraction techniques", Pattern Recognition 37 (2004) 265-279, compares ways to
    normalize moments and the ratio of the sides.
    """

    def __init__(self, max_slant: float = 0.8, size: float = 5.2, evenness: float = 0.5) -> None:
        self.max_slant = max_slant
        self.size = size
        self.evenness = evenness

    def transform(self, X: ArrayLike) -> Features:
        """Normalize digits (n, 784), ink 255 on 0; another shape is a ValueError."""
        return _in_chunks(_as_images(X), self._normalize, CANONICAL_SIZE**2)

    def _normalize(self, images: Features) -> Features:
        rows, columns, squares = PLACES, PLACES, PLACES**2
        mass = images.sum(axis=(1, 2)) + np.float32(1e-6)  # (n,)
        profile_y, profile_x = images.sum(axis=2), images.sum(axis=1)  # (n, 28)
        center_y, center_x = profile_y @ rows / mass, profile_x @ columns / mass
        second_yy = np.maximum(profile_y @ squares / mass - center_y**2, SMALLEST_MOMENT)
        second_xx = profile_x @ squares / mass - center_x**2
        second_xy = (images @ columns * rows).sum(axis=1) / mass - center_y * center_x
        # Faster on few digits than np.clip.
        slant = np.minimum(np.maximum(second_xy / second_yy, -self.max_slant), self.max_slant)
        upright_xx = second_xx - 2 * slant * second_xy + slant**2 * second_yy
        deviation = np.sqrt([second_yy, np.maximum(upright_xx, SMALLEST_MOMENT)])  # (2, n)
        ratio = deviation / deviation.max(axis=0)
        zoom = deviation / (np.float32(self.size) * ratio ** np.float32(self.evenness))
        # Px of the digit for one px of the result.
        zoom_y, zoom_x = np.minimum(np.maximum(zoom, ZOOM[0]), ZOOM[1])
        from_middle = rows - np.float32((CANONICAL_SIZE - 1) / 2)
        below = zoom_y[:, None] * from_middle  # (n, 28), for each row of the result
        source_y = center_y[:, None] + below
        source_x = (
            center_x[:, None, None]
            + slant[:, None, None] * below[:, :, None]
            + zoom_x[:, None, None] * from_middle
        )  # (n, 28, 28)
        return _sample(images, source_y[:, :, None], source_x).reshape(len(images), -1)


class DirectionMaps(Stateless):
    """Where in the digit edges run in which direction.

    The gradient at each pixel is split between the two nearest of eight directions by the
    parallelogram rule; each direction's map is blurred and sampled on a coarse grid; the square
    root evens strong and weak edges.

    Parameters
    ----------
    grid : int, default=9
        Samples along each side.
    smoothing : float, default=0.7
        Standard deviation, in px, of the blur before the gradient is taken.
    spread : float, default=0.6
        Standard deviation, in grid steps, of the blur before sampling.

    References
    ----------
    Liu, Nakashima, Sako, Fujisawa, "Handwritten digit recognition: benchmarking of
    state-of-the-art techniques", Pattern Recognition 36 (2003) 2271-2285.
    """

    def __init__(self, grid: int = 9, smoothing: float = 0.7, spread: float = 0.6) -> None:
        self.grid = grid
        self.smoothing = smoothing
        self.spread = spread

    def transform(self, X: ArrayLike) -> Features:
        """Map the edges of digits (n, 784), ink 255 on 0; another shape is a ValueError.

        Returns (n, 8 * grid * grid), 0 to about 2: for each direction, beginning with the one in
        which ink grows to the right and going clockwise, the grid row by row.
        """
        images = _as_images(X)
        blur, slope = _gradient_matrices(self.smoothing)
        sample = _sampling_matrix(self.grid, self.spread)

        def transform(chunk: Features) -> Features:
            ink = chunk / np.float32(255)
            maps = _split_by_direction(blur @ ink @ slope.T, slope @ ink @ blur.T)
            return np.sqrt(sample @ maps @ sample.T).reshape(len(chunk), -1)

        return _in_chunks(images, transform, DIRECTIONS * self.grid**2)


def _as_images(X: ArrayLike) -> NDArray[Any]:
    """Check and reshape (n, 784) to (n, 28, 28)."""
    rows = np.asarray(X)
    if rows.ndim != 2 or rows.shape[1] != CANONICAL_SIZE**2:
        raise ValueError(f"X has the shape {rows.shape}; (n, {CANONICAL_SIZE**2}) is expected.")
    return rows.reshape(-1, CANONICAL_SIZE, CANONICAL_SIZE)


def _in_chunks(images: NDArray[Any], transform: Any, width: int) -> Features:
    """Apply a function to `CHUNK` digits at a time, as float32."""
    features = np.empty((len(images), width), np.float32)
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        features[start : start + CHUNK] = transform(chunk.astype(np.float32))
    return features


def _sample(images: Features, y: Features, x: Features) -> Features:
    """Read images (n, 28, 28) at y (n, 28, 1) and x (n, 28, 28), bilinearly; outside is paper."""
    pad, side = 2, CANONICAL_SIZE + 4
    padded = np.zeros((len(images), side, side), np.float32)
    padded[:, pad:-pad, pad:-pad] = images
    # Beyond the border all is paper, so places far outside may be moved into it.
    y, x = (np.minimum(np.maximum(place + pad, 0), side - 2) for place in (y, x))
    return interpolate(padded, np.arange(len(images))[:, None, None], y, x)


@functools.cache
def _gradient_matrices(smoothing: float) -> tuple[Features, Features]:
    """Matrices (28, 28) of Sobel's blur and slope along one axis, after a Gaussian blur."""
    offsets = np.subtract.outer(np.arange(CANONICAL_SIZE), np.arange(CANONICAL_SIZE))
    gauss = np.exp(-0.5 * (offsets / max(smoothing, 1e-6)) ** 2)
    gauss /= gauss.sum(axis=1)[CANONICAL_SIZE // 2]
    blur = 2.0 * (offsets == 0) + (np.abs(offsets) == 1)
    slope = 1.0 * (offsets == -1) - (offsets == 1)
    return (blur @ gauss).astype(np.float32), (slope @ gauss).astype(np.float32)


@functools.cache
def _sampling_matrix(grid: int, spread: float) -> Features:
    """Matrix (grid, 28) of Gaussian windows at even distances; each row sums to 1."""
    step = CANONICAL_SIZE / grid
    centers = (np.arange(grid) + 0.5) * step - 0.5
    distance = (np.arange(CANONICAL_SIZE) - centers[:, None]) / (spread * step)
    window = np.exp(-0.5 * distance**2)
    matrix: Features = (window / window.sum(axis=1, keepdims=True)).astype(np.float32)
    return matrix


def _split_by_direction(gx: Features, gy: Features) -> Features:
    """Split gradients (n, 28, 28) into maps (n, 8, 28, 28) by the parallelogram rule.

    A vector is the sum of its component along the nearest axis and the one along the nearest
    diagonal; both are positive, and all others are zero.
    """
    right, left = np.maximum(gx, 0), np.maximum(-gx, 0)
    down, up = np.maximum(gy, 0), np.maximum(-gy, 0)
    steep = down + up
    flat = right + left
    diagonal = np.float32(np.sqrt(2))
    return np.stack(
        [
            np.maximum(right - steep, 0),
            diagonal * np.minimum(right, down),
            np.maximum(down - flat, 0),
            diagonal * np.minimum(left, down),
            np.maximum(left - steep, 0),
            diagonal * np.minimum(left, up),
            np.maximum(up - flat, 0),
            diagonal * np.minimum(right, up),
        ],
        axis=1,
    )
