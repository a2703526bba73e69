"""The model as one scikit-learn pipeline, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from ml.discriminant import AdvisedPerceptron
from ml.drawing.canonical import CANONICAL_SIZE, Digit, Digits
from ml.features import DirectionMaps, Features, MomentNormalization

DIGITS: Final = 10
"""Classes: the digits 0 to 9."""
NOT_A_DIGIT: Final = 10
"""The eleventh class: letters, scribbles and anything else that is not a digit."""
SMALLEST: Final = 1e-12
"""Probability added to each digit's, so that they can be scaled to sum to 1."""
STRANGENESS_LIMIT: Final = 0.5
"""Strangeness from which a drawing is refused as not a digit.

Chosen on held out typefaces, pens, letters and scribbles: 99.5 % of the digits are accepted and
90.8 % of the others refused. A child's digit that is refused hurts more than a letter that is read
(docs/benchmarks.md).
"""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The model's answer to one drawing."""

    digit: int
    """The likeliest digit."""
    confidence: float
    """Its probability, given that the drawing is a digit, 0.1 to 1."""
    probabilities: tuple[float, ...]
    """Probability of each digit, given that it is one; ten numbers that sum to 1."""
    margin: float
    """Confidence minus the probability of the runner-up, 0 to 1."""
    strangeness: float
    """Probability that the drawing is not a digit, 0 to 1."""
    is_digit: bool
    """Whether strangeness is below `STRANGENESS_LIMIT`."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The model's answers to many digits, as arrays."""

    probabilities: NDArray[np.float64]
    """(n, 10) float64, rows sum to 1: probability of each digit, given that it is one."""
    strangeness: NDArray[np.float64]
    """(n,) float64, 0 to 1: probability that the drawing is not a digit."""

    @property
    def answers(self) -> NDArray[np.float64]:
        """(n, 11) float64, rows sum to 1: probability of each answer."""
        return np.column_stack(
            [self.probabilities * (1 - self.strangeness[:, None]), self.strangeness]
        )


def build_pipeline(seed: int = 0, hidden_units: int = 512) -> Pipeline:
    """Build the untrained model: normalization, direction maps, advised perceptron.

    It takes X (n, 784), 0 to 255, and y (n,), 0 to 9 or `NOT_A_DIGIT`.
    """
    classifier = AdvisedPerceptron((hidden_units,), alpha=1e-3, random_state=seed)
    return make_pipeline(MomentNormalization(), DirectionMaps(), classifier)


def read(model: Pipeline, images: Digits) -> Reading:
    """Read many canonical digits, or none, at once."""
    if not len(images):
        return Reading(np.empty((0, DIGITS)), np.empty(0))
    return _as_reading(_class_probabilities(model, images.reshape(-1, CANONICAL_SIZE**2)))


def _as_reading(classes: NDArray[np.float64]) -> Reading:
    """Divide class probabilities (n, 10 or 11) into those of digits and the strangeness."""
    digits = classes[:, :DIGITS] + SMALLEST  # where all are 0, all become equally likely
    knows_others = classes.shape[1] > NOT_A_DIGIT  # it was also trained on what is not a digit
    return Reading(
        probabilities=digits / digits.sum(axis=1, keepdims=True),
        strangeness=classes[:, NOT_A_DIGIT] if knows_others else 1 - classes.max(axis=1),
    )


def hidden_layer(model: Pipeline, rows: NDArray[np.uint8]) -> Features:
    """Output (n, units) float32, 0 and up, of the last hidden layer for rows (n, 784) uint8.

    The perceptron's units are rectified; its last hidden layer separates digits almost linearly.
    """
    return _hidden(model[-1], features_of(model, rows))


def features_of(model: Pipeline, rows: NDArray[np.uint8]) -> Features:
    """Features (n, f) float32 that the classifier gets for rows (n, 784) uint8."""
    features: NDArray[Any] = rows
    for _, transformer in model.steps[:-1]:
        features = transformer.transform(features)
    return features


def _hidden(perceptron: MLPClassifier, features: Features) -> Features:
    layer = features
    for weights, bias in zip(perceptron.coefs_[:-1], perceptron.intercepts_[:-1], strict=True):
        layer = np.maximum(layer @ weights + bias, 0)
    activations: Features = layer.astype(np.float32, copy=False)
    return activations


def _class_probabilities(model: Pipeline, rows: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Do what `predict_proba` does; for our perceptron without its checks.

    For a single digit they take as long as all the rest, and what comes in is known.
    """
    if _is_our_perceptron(model):
        return _ask_perceptron(model, rows)[0]
    other: NDArray[np.float64] = model.predict_proba(rows).astype(np.float64)
    return other


def _ask_perceptron(
    model: Pipeline, rows: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], Features]:
    """Class probabilities (n, classes) and hidden layers (n, units) of rows (n, 784)."""
    perceptron, features = model[-1], features_of(model, rows)
    hidden = _hidden(perceptron, features)
    probabilities = _output(perceptron, hidden)
    if isinstance(perceptron, AdvisedPerceptron):  # older models have no advice
        probabilities = perceptron.weigh(probabilities, features)
    return probabilities, hidden


def _is_our_perceptron(model: Pipeline) -> bool:
    classifier = model[-1] if isinstance(model, Pipeline) else None
    return isinstance(classifier, MLPClassifier) and (
        classifier.activation,
        classifier.out_activation_,
    ) == ("relu", "softmax")


def _output(classifier: MLPClassifier, hidden: Features) -> NDArray[np.float64]:
    """Compute class probabilities (n, classes) from hidden layers (n, units)."""
    weights, bias = classifier.coefs_[-1], classifier.intercepts_[-1]
    scores = (hidden @ weights + bias).astype(np.float64)
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return probabilities


def predict(model: Pipeline, images: Digits) -> list[Prediction]:
    """Read canonical digits, one named result each."""
    return predictions_of(read(model, images))


def read_with_hidden(model: Pipeline, images: Digits) -> tuple[Reading, Features | None]:
    """Read canonical digits and return their hidden layers (n, units) as well, computed once.

    They are None for an estimator that is not our perceptron.
    """
    if not _is_our_perceptron(model):
        return read(model, images), None
    probabilities, hidden = _ask_perceptron(model, images.reshape(-1, CANONICAL_SIZE**2))
    return _as_reading(probabilities), hidden


def predict_with_hidden(model: Pipeline, image: Digit) -> tuple[Prediction, Features | None]:
    """Read one digit (28, 28) and return its hidden layer (units,) as well."""
    reading, hidden = read_with_hidden(model, image[None])
    (prediction,) = predictions_of(reading)
    return prediction, None if hidden is None else hidden[0]


def predictions_of(reading: Reading) -> list[Prediction]:
    """Return the answers of a reading, one named result each."""
    digits = reading.probabilities.argmax(axis=1)
    second, first = np.sort(reading.probabilities, axis=1)[:, -2:].T
    return [
        Prediction(
            digit=int(digit),
            confidence=float(confidence),
            probabilities=tuple(row.tolist()),
            margin=float(confidence - runner_up),
            strangeness=float(strangeness),
            is_digit=bool(strangeness < STRANGENESS_LIMIT),
        )
        for digit, confidence, runner_up, strangeness, row in zip(
            digits, first, second, reading.strangeness, reading.probabilities, strict=True
        )
    ]
