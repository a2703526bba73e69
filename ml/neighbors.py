"""Drawings whose answer is known, mixed into the model's answer by how near they are."""

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
CONTRADICTED_BELOW: Final = 0.05
"""Probability below which a label is contradicted (docs/decisions/label-check.md)."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """What the model, and what is known near a drawing, say to its label."""

    contradicted: NDArray[np.bool_]
    """(n,) bool, whether both leave the label almost no probability."""
    digits: NDArray[np.uint8]
    """(n,) uint8, 0 to 9 or `NOT_A_DIGIT`: the likeliest answer."""
    shares: NDArray[np.float64]
    """(n,) float64, 0 to 1: its probability."""


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
    own = np.append(
        (1 - prediction.strangeness) * np.array(prediction.probabilities), prediction.strangeness
    )
    (mixed,), (share,), (weights,) = _mix(own[None], hidden[None], memory)
    digits = mixed[:NOT_A_DIGIT] + np.finfo(float).tiny
    reading = Reading(digits[None] / digits.sum(), np.minimum(mixed[NOT_A_DIGIT:], 1.0))
    (personal,) = predictions_of(reading)
    answer = personal.digit if personal.is_digit else NOT_A_DIGIT
    agreeing = np.flatnonzero(memory.labels == answer)
    nearest = agreeing[np.argsort(-weights[agreeing], kind="stable")][:DECIDING]
    return PersonalAnswer(personal, float(share), tuple(nearest.tolist()))


def doubt_labels(
    reading: Reading, hidden: Features, labels: NDArray[np.uint8], memory: Memory | None
) -> Doubts:
    """Find labels that neither the model nor a known drawing nearby supports.

    Far from all that is known, and without a memory, the model alone decides.

    Parameters
    ----------
    reading : Reading
        The model's own answers to n drawings.
    hidden : Features
        (n, units) float32, their hidden layers.
    labels : ndarray
        (n,) uint8, 0 to 9 or `NOT_A_DIGIT`: what people say that they are.
    memory : Memory or None
        Drawings whose label is surely right.
    """
    answers = reading.answers if memory is None else _mix(reading.answers, hidden, memory)[0]
    return Doubts(
        answers[np.arange(len(labels)), labels] < CONTRADICTED_BELOW,
        answers.argmax(axis=1).astype(np.uint8),
        answers.max(axis=1, initial=0.0),
    )


def _mix(
    own: NDArray[np.float64], hidden: Features, memory: Memory
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return mixed answers (n, 11), the memory's shares (n,), and the weights (n, m) of each."""
    nearness = direction_of(hidden) @ memory.directions.T  # (n, m) cosines
    weights = np.exp(SHARPNESS * (nearness.astype(np.float64) - 1))
    votes = weights @ np.eye(NOT_A_DIGIT + 1)[memory.labels]  # (n, 11)
    largest = weights.max(axis=1)
    shares = largest / (largest + HALF_HEARD)
    of_memory = votes / votes.sum(axis=1, keepdims=True)
    return (1 - shares[:, None]) * own + shares[:, None] * of_memory, shares, weights
