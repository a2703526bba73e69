"""Why the model answers as it does: where it looked, and what a digit becomes on its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ml.drawing.canonical import CANONICAL_SIZE, Digit, Digits
from ml.features import DIRECTIONS
from ml.pipeline import Prediction, predict, read

PATCH: Final = 7
"""Side of the covering patch, in canonical pixels: nearly three pen widths, since a smaller one
hardly changes the answer to a clear digit."""

Map = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Occlusion:
    """Where the model looked for its answer."""

    prediction: Prediction
    losses: Map
    """(28, 28) float32, 0 to 1: how far the confidence falls while a patch around this pixel is
    covered; 0 where it does not fall or there is no ink to cover."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """What a digit becomes on its way through the model."""

    upright: Digit
    """(28, 28) uint8: the digit, upright and of even size."""
    directions: Map
    """(8, grid, grid) float32, 0 to about 2: where edges run in which direction, in the order of
    `ml.features.DirectionMaps`."""
    prediction: Prediction


def occlude(model: Pipeline, digit: Digit, patch: int = PATCH) -> Occlusion:
    """Cover the digit here and there to find where the model looked.

    Parameters
    ----------
    patch : int
        Side, in px, of the square of paper that covers the digit; odd.

    References
    ----------
    Zeiler, Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 4.2.
    """
    (prediction,) = predict(model, digit[None])
    places = _places_with_ink(digit, patch)  # (n, 2)
    covered = _cover(digit, places, patch)  # (n, 28, 28)
    confidence = read(model, covered).probabilities[:, prediction.digit]  # (n,)
    losses = np.zeros((CANONICAL_SIZE, CANONICAL_SIZE), np.float32)
    losses[places[:, 0], places[:, 1]] = np.maximum(prediction.confidence - confidence, 0)
    return Occlusion(prediction, losses)


def trace(model: Pipeline, digit: Digit) -> Trace:
    """Follow a digit through a model of `ml.pipeline.build_pipeline`."""
    normalization = model.named_steps["momentnormalization"]
    direction_maps = model.named_steps["directionmaps"]
    upright = normalization.transform(digit.reshape(1, -1))  # (1, 784)
    maps = direction_maps.transform(upright)[0, : DIRECTIONS * direction_maps.grid**2]
    return Trace(
        upright=np.rint(upright).clip(0, 255).astype(np.uint8).reshape(digit.shape),
        directions=maps.reshape(DIRECTIONS, direction_maps.grid, direction_maps.grid),
        prediction=predict(model, digit[None])[0],
    )


def _places_with_ink(digit: Digit, patch: int) -> NDArray[np.intp]:
    """Rows and columns (n, 2) of the centers of all patches that cover some ink."""
    padded = np.pad(digit > 0, patch // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (patch, patch))  # (28, 28, p, p)
    return np.argwhere(windows.any(axis=(2, 3)))


def _cover(digit: Digit, places: NDArray[np.intp], patch: int) -> Digits:
    """Copies (n, 28, 28) of a digit, each with a patch of paper around one place."""
    distance = np.abs(np.arange(CANONICAL_SIZE) - places[:, :, None])  # (n, 2, 28)
    rows, columns = np.moveaxis(distance <= patch // 2, 1, 0)  # (n, 28) each
    return np.where(rows[:, :, None] & columns[:, None, :], 0, digit).astype(np.uint8)
