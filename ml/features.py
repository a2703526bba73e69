"""What the classifier looks at: scikit-learn transformers from canonical digits to features."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ml.preprocessing import CANONICAL_SIZE

DIRECTIONS: Final = 8
"""Directions of the gradient that are told apart, 45 degrees from each other."""
CHUNK: Final = 2_000
"""Digits transformed at once, so that memory stays small and in the cache."""

Features = NDArray[np.float32]


class Deskew(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Make slanted digits upright by a shear, and center them exactly.

    The shear undoes the correlation of x and y in the digit's second moments.

    Parameters
    ----------
    max_slant : float, default=0.8
        Steepest shear, in px to the side for one px down, that is applied.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition",
    Proc. IEEE 86 (1998) 2278-2324, deslanted MNIST by moments for several classifiers.
    """

    def __init__(self, max_slant: float = 0.8) -> None:
        self.max_slant = max_slant

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Do nothing: there is nothing to learn.

        Parameters
        ----------
        X : array_like
            (n, 784), ignored.
        y : object, optional
            Ignored.

        Returns
        -------
        Deskew
            Itself.
        """
        return self

    def transform(self, X: ArrayLike) -> Features:
        """Deskew digits.

        Parameters
        ----------
        X : array_like
            (n, 784), 0 to 255, ink 255 on 0.

        Returns
        -------
        ndarray
            (n, 784) float32, 0 to 255.

        Raises
        ------
        ValueError
            The shape is another one.
        """
        return _in_chunks(_as_images(X), self._deskew, CANONICAL_SIZE**2)

    def _deskew(self, images: Features) -> Features:
        rows = columns = np.arange(CANONICAL_SIZE, dtype=np.float32)
        mass = images.sum(axis=(1, 2)) + np.float32(1e-6)  # (n,)
        profile_y, profile_x = images.sum(axis=2), images.sum(axis=1)  # (n, 28)
        center_y, center_x = profile_y @ rows / mass, profile_x @ columns / mass
        second_yy = profile_y @ rows**2 / mass - center_y**2
        second_xy = (images @ columns * rows).sum(axis=1) / mass - center_y * center_x
        slant = np.clip(second_xy / np.maximum(second_yy, 1e-3), -self.max_slant, self.max_slant)
        middle = (CANONICAL_SIZE - 1) / 2
        from_middle = rows - middle
        upright = _shift_rows(
            _shift_rows(images.transpose(0, 2, 1), (center_y - middle)[:, None]).transpose(0, 2, 1),
            (center_x - middle)[:, None] + slant[:, None] * from_middle,
        )
        return upright.reshape(len(images), -1)

    def __sklearn_is_fitted__(self) -> bool:
        return True


class DirectionMaps(TransformerMixin, BaseEstimator):  # type: ignore[misc]
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

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Do nothing: there is nothing to learn.

        Parameters
        ----------
        X : array_like
            (n, 784), ignored.
        y : object, optional
            Ignored.

        Returns
        -------
        DirectionMaps
            Itself.
        """
        return self

    def transform(self, X: ArrayLike) -> Features:
        """Map directions.

        Parameters
        ----------
        X : array_like
            (n, 784), 0 to 255, ink 255 on 0.

        Returns
        -------
        ndarray
            (n, 8 * grid * grid) float32, 0 to about 2: for each direction, beginning with the one
            in which ink grows to the right and going clockwise, the grid row by row.

        Raises
        ------
        ValueError
            The shape is another one.
        """
        images = _as_images(X)
        blur, slope = _gradient_matrices(self.smoothing)
        sample = _sampling_matrix(self.grid, self.spread)

        def transform(chunk: Features) -> Features:
            ink = chunk / np.float32(255)
            maps = _split_by_direction(blur @ ink @ slope.T, slope @ ink @ blur.T)
            return np.sqrt(sample @ maps @ sample.T).reshape(len(chunk), -1)

        return _in_chunks(images, transform, DIRECTIONS * self.grid**2)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _as_images(X: ArrayLike) -> NDArray[Any]:
    """See (n, 784) as (n, 28, 28)."""
    rows = np.asarray(X)
    if rows.ndim != 2 or rows.shape[1] != CANONICAL_SIZE**2:
        raise ValueError(f"X has the shape {rows.shape}; (n, {CANONICAL_SIZE**2}) is expected.")
    return rows.reshape(-1, CANONICAL_SIZE, CANONICAL_SIZE)


def _in_chunks(images: NDArray[Any], transform: Any, width: int) -> Features:
    """Apply a function to some digits at a time, as float32."""
    features = np.empty((len(images), width), np.float32)
    for start in range(0, len(images), CHUNK):
        chunk = images[start : start + CHUNK]
        features[start : start + CHUNK] = transform(chunk.astype(np.float32))
    return features


def _shift_rows(images: Features, shifts: Features) -> Features:
    """Shift each row by its own distance, linearly interpolated: out[x] = in[x + shift].

    Shapes: images (n, 28, 28); shifts (n, 28) or (n, 1).
    """
    pad = CANONICAL_SIZE
    whole = np.floor(shifts).astype(np.int64)
    fraction = (shifts - whole).astype(np.float32)[:, :, None]
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad + 1)))
    start = np.clip(whole, -pad, pad)[:, :, None] + pad
    index = np.broadcast_to(start + np.arange(CANONICAL_SIZE), images.shape)
    left = np.take_along_axis(padded, index, axis=2)
    right = np.take_along_axis(padded, index + 1, axis=2)
    shifted: Features = left + fraction * (right - left)
    return shifted


def _gradient_matrices(smoothing: float) -> tuple[Features, Features]:
    """Matrices (28, 28) of Sobel's blur and slope along one axis, after a Gaussian blur."""
    offsets = np.subtract.outer(np.arange(CANONICAL_SIZE), np.arange(CANONICAL_SIZE))
    gauss = np.exp(-0.5 * (offsets / max(smoothing, 1e-6)) ** 2)
    gauss /= gauss.sum(axis=1)[CANONICAL_SIZE // 2]
    blur = 2.0 * (offsets == 0) + (np.abs(offsets) == 1)
    slope = 1.0 * (offsets == -1) - (offsets == 1)
    return (blur @ gauss).astype(np.float32), (slope @ gauss).astype(np.float32)


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
