"""What happens inside the model: a digit on its way to the answer, and with a part covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.drawing.canonical import CANONICAL_SIZE, Digit, Digits
from ml.features import DIRECTIONS
from ml.pipeline import Prediction, hidden_layer, predict, read

PATCH: Final = 7
"""Side of the covering patch, in canonical pixels: nearly three pen widths, since a smaller one
hardly changes the answer to a clear digit."""
STEP: Final = 2
"""Canonical pixels from one place of the patch to the next."""

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What a digit becomes on its way through the model."""

    upright: Digit
    """(28, 28) uint8: the digit, upright and of even size."""
    directions: Map
    """(8, grid, grid) float32, 0 to about 2: where edges run in which direction, in the order of
    `ml.features.DirectionMaps`."""
    units: Map
    """(units,) float32, 0 and up: how strongly each hidden unit responds."""
    votes: Map
    """(units, classes) float32: what a response of 1 adds to the score of each class, compared to
    the mean of all classes; the advice of `ml.discriminant` is left out."""
    prediction: Prediction


def cover(model: Pipeline, digit: Digit) -> Map:
    """Read a digit with a patch of paper over one place after the other.

    Returns
    -------
    ndarray of float32, shape (14, 14, 11)
        Probability of each digit and, last, that it is none, while the patch is around the pixel
        at row and column 1, 3, 5, ... 27.

    References
    ----------
    Zeiler, Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2.
    """
    centers = np.arange(STEP // 2, CANONICAL_SIZE, STEP)  # (14,)
    is_covered = np.abs(np.arange(CANONICAL_SIZE) - centers[:, None]) <= PATCH // 2  # (14, 28)
    patches = is_covered[:, None, :, None] & is_covered[None, :, None, :]  # (14, 14, 28, 28)
    has_ink = (patches & (digit > 0)).any(axis=(2, 3))  # (14, 14)
    covered: Digits = np.where(patches[has_ink], 0, digit).astype(np.uint8)  # (n, 28, 28)
    reading = read(model, np.concatenate([digit[None], covered]))
    none = reading.strangeness[:, None]
    answers = np.hstack([reading.probabilities * (1 - none), none])  # (1 + n, 11)
    shares = np.tile(answers[0].astype(np.float32), (len(centers), len(centers), 1))
    shares[has_ink] = answers[1:]
    return shares


def trace(model: Pipeline, digit: Digit) -> Trace:
    """Follow a digit through a model of `ml.pipeline.build_pipeline`."""
    normalization, direction_maps, perceptron = (step for _, step in model.steps)
    row = digit.reshape(1, -1)
    upright = normalization.transform(row)  # (1, 784)
    maps = direction_maps.transform(upright)[0, : DIRECTIONS * direction_maps.grid**2]
    weights = perceptron.coefs_[-1]
    return Trace(
        upright=np.rint(upright).clip(0, 255).astype(np.uint8).reshape(digit.shape),
        directions=maps.reshape(DIRECTIONS, direction_maps.grid, direction_maps.grid),
        units=hidden_layer(model, row)[0],
        votes=weights - weights.mean(axis=1, keepdims=True),
        prediction=predict(model, digit[None])[0],
    )
