"""A person's own answered drawings, mixed into the model's answer by how near they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.features import Features
from ml.pipeline import NOT_A_DIGIT, Prediction, Reading, predictions_of

SHARPNESS: Final = 20.0
"""How fast a remembered drawing's weight falls with its distance: `exp(20 (cosine - 1))`."""
HALF_HEARD: Final = 0.3
"""Weight of the nearest remembered drawing at which memory and model count the same."""
DECIDING: Final = 3
"""Most remembered drawings that are named as those that decided."""


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """Drawings whose right answer a person told."""

    directions: Features
    """(m, units) float32 of unit length: hidden layers."""
    labels: NDArray[np.uint8]
    """(m,) uint8, 0 to 9 or `NOT_A_DIGIT`."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonalAnswer:
    """The answer with a person's memory."""

    prediction: Prediction
    share: float
    """How much the memory counted, 0 to 1."""
    deciding: tuple[int, ...]
    """Positions in the memory of those that speak most for the answer, nearest first."""


def direction_of(hidden: Features) -> Features:
    """Scale hidden layers (n, units) to unit length; one without activity stays zero."""
    lengths = np.linalg.norm(hidden, axis=1, keepdims=True)
    scaled: Features = hidden / np.maximum(lengths, np.finfo(np.float32).tiny)
    return scaled


def ask_memory(prediction: Prediction, hidden: Features, memory: Memory) -> PersonalAnswer:
    """Mix the model's eleven probabilities with the labels of the nearest remembered drawings.

    Parameters
    ----------
    prediction : Prediction
        The model's own answer.
    hidden : Features
        (units,) float32, the hidden layer of the same drawing.
    memory : Memory
        At least one remembered drawing.

    Returns
    -------
    PersonalAnswer
        The mixed answer. A drawing that is like none of the remembered ones keeps the model's.

    References
    ----------
    Nadaraya, "On estimating regression", Theory of Probability and its Applications 9 (1964), for
    the mean of labels weighted by a kernel.
    """
    nearness = memory.directions @ direction_of(hidden[None])[0]  # (m,) cosines
    weights = np.exp(SHARPNESS * (nearness.astype(np.float64) - 1))
    votes = np.bincount(memory.labels, weights, minlength=NOT_A_DIGIT + 1)
    share = weights.max() / (weights.max() + HALF_HEARD)
    own = np.append(
        (1 - prediction.strangeness) * np.array(prediction.probabilities), prediction.strangeness
    )
    mixed = (1 - share) * own + share * votes / votes.sum()
    digits = mixed[:NOT_A_DIGIT] + np.finfo(float).tiny
    reading = Reading(digits[None] / digits.sum(), np.minimum(mixed[NOT_A_DIGIT:], 1.0))
    (personal,) = predictions_of(reading)
    answer = personal.digit if personal.is_digit else NOT_A_DIGIT
    agreeing = np.flatnonzero(memory.labels == answer)
    nearest = agreeing[np.argsort(-weights[agreeing], kind="stable")][:DECIDING]
    return PersonalAnswer(personal, float(share), tuple(nearest.tolist()))
