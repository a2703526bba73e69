"""The estimator as one scikit-learn pipeline, and what it says of a digit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from ml.features import Deskew, DirectionMaps
from ml.preprocessing import CANONICAL_SIZE, Digits

DIGITS: Final = 10
"""Classes: the digits 0 to 9."""
DIGIT_CONFIDENCE: Final = 0.5
"""Confidence below which a drawing is said not to look like a digit."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one drawing.

    Parameters
    ----------
    digit : int
        The likeliest digit.
    confidence : float
        Its probability, 0.1 to 1.
    probabilities : tuple of float
        Probability of each digit, ten numbers that sum to 1.
    margin : float
        Confidence minus the probability of the runner-up, 0 to 1.
    is_digit : bool
        Whether it looks like a digit at all.
    """

    digit: int
    confidence: float
    probabilities: tuple[float, ...]
    margin: float
    is_digit: bool


def build_pipeline(seed: int = 0, hidden_units: int = 512) -> Pipeline:
    """Build the untrained estimator: deskew, direction maps, multilayer perceptron.

    Parameters
    ----------
    seed : int
        Seed of the weights and of the order of training.
    hidden_units : int
        Width of the hidden layer.

    Returns
    -------
    Pipeline
        Takes X (n, 784), 0 to 255, and y (n,), 0 to 9.
    """
    classifier = MLPClassifier((hidden_units,), alpha=1e-3, random_state=seed)
    return make_pipeline(Deskew(), DirectionMaps(), classifier)


def predict(model: Pipeline, images: Digits) -> list[Prediction]:
    """Read digits.

    Parameters
    ----------
    model : Pipeline
        A trained pipeline.
    images : Digits
        (n, 28, 28) uint8 canonical digits; n may be 0.

    Returns
    -------
    list of Prediction
        One for each image.
    """
    if not len(images):
        return []
    # What comes in is uint8, so scikit-learn need not look for NaN; that is a third of the time.
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        probabilities = model.predict_proba(images.reshape(-1, CANONICAL_SIZE**2)).astype(float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    digits = probabilities.argmax(axis=1)
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    return [
        Prediction(
            digit=int(digit),
            confidence=float(confidence),
            probabilities=tuple(row.tolist()),
            margin=float(confidence - runner_up),
            is_digit=bool(confidence >= DIGIT_CONFIDENCE),
        )
        for digit, confidence, runner_up, row in zip(
            digits, first, second, probabilities, strict=True
        )
    ]
