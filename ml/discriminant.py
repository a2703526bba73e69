"""How the digits are usually shaped: a second opinion beside the perceptron's.

A perceptron draws borders between the digits that it has seen, and is as sure far away from all of
them. A Gaussian of each digit's features knows how far away that is. Alone it reads worse; with a
small say in which digit it is, it corrects what the perceptron reads wrong in hands that it has
never seen (docs/decisions/a-second-opinion.md).
"""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.neural_network import MLPClassifier

from ml.features import Features

CLASSES: Final = 10
"""The digits 0 to 9."""
FEWEST: Final = 100
"""Digits of each class from which their usual shapes can be told."""
BLOCK: Final = 8_192
"""Digits that are float32 at once."""


class QuadraticDiscriminant(BaseEstimator):  # type: ignore[misc]
    """Logarithmic density of each digit as a Gaussian of which only the widest axes are kept.

    Across all other axes it is equally wide: `floor` times their mean variance. No axis that is
    kept is narrower.

    Parameters
    ----------
    axes : int, default=8
        Principal axes of each digit.
    floor : float, default=2.0
        Factor of the mean variance along the other axes.

    References
    ----------
    Kimura, Takashina, Tsuruoka, Miyake, "Modified quadratic discriminant functions and the
    application to Chinese character recognition", IEEE PAMI 9 (1987) 149-153.
    """

    def __init__(self, axes: int = 8, floor: float = 2.0) -> None:
        self.axes = axes
        self.floor = floor

    def fit(
        self,
        X: NDArray[np.floating[Any]],
        y: NDArray[np.uint8],
        sample_weight: NDArray[np.float32] | None = None,
    ) -> Self:
        """Fit to features (n, f) of digits y (n,), 0 to 9; other classes are passed over."""
        width = X.shape[1]
        means = np.empty((CLASSES, width))
        axes = np.empty((width, CLASSES, self.axes))
        rest, constants = np.empty(CLASSES), np.empty(CLASSES)
        for digit in range(CLASSES):
            chosen = np.flatnonzero(y == digit)
            weights = np.ones(len(chosen)) if sample_weight is None else sample_weight[chosen]
            means[digit], covariance = _moments(X, chosen, weights)
            variances, directions = np.linalg.eigh(covariance)
            others = variances[: -self.axes]
            rest[digit] = self.floor * max(others.mean(), 1e-6)
            widest = np.maximum(variances[-self.axes :], rest[digit])
            axes[:, digit] = directions[:, -self.axes :] * np.sqrt(1 / rest[digit] - 1 / widest)
            constants[digit] = -np.log(widest).sum() - len(others) * np.log(rest[digit])
        # The quadratic forms are written out, so that one product with the features is enough.
        self.products_ = np.hstack([2 * means.T / rest, axes.reshape(width, -1)]).astype(np.float32)
        centers = np.einsum("df,fda->da", means, axes).ravel()
        constants -= (means**2).sum(axis=1) / rest
        self.offsets_ = np.concatenate([constants, -centers]).astype(np.float32)
        self.precisions_ = (1 / rest).astype(np.float32)
        return self

    def decision_function(self, X: Features) -> Features:
        """Logarithm (n, 10) of each digit's density for features (n, f), but for a constant."""
        products = X @ self.products_ + self.offsets_
        along = np.square(products[:, CLASSES:]).reshape(len(X), CLASSES, self.axes)
        apart = np.einsum("nf,nf->n", X, X)[:, None] * self.precisions_
        scores: Features = products[:, :CLASSES] + along.sum(axis=2) - apart
        return scores


class AdvisedPerceptron(MLPClassifier):  # type: ignore[misc]
    """A perceptron that is advised in which digit it is, once `take_advice` was called.

    How likely it is that a drawing is no digit at all stays the perceptron's answer.
    """

    say = 0.004
    """What a unit of the discriminant's logarithmic density adds to a digit's score.

    A share of 1 would believe that features vary independently along all axes. Chosen by what
    reads typefaces kept aside with the smallest loss (docs/benchmarks.md).
    """

    def take_advice(
        self,
        X: NDArray[np.floating[Any]],
        y: NDArray[np.uint8],
        sample_weight: NDArray[np.float32] | None = None,
    ) -> None:
        """Learn the usual shapes from features (n, f) of y (n,), if there are enough of each."""
        few = np.bincount(y, minlength=CLASSES)[:CLASSES].min() < FEWEST
        self.discriminant_ = None if few else QuadraticDiscriminant().fit(X, y, sample_weight)

    def weigh(self, probabilities: NDArray[np.float64], X: Features) -> NDArray[np.float64]:
        """Change the perceptron's probabilities (n, classes) for features (n, f) as advised."""
        advice: QuadraticDiscriminant | None = getattr(self, "discriminant_", None)
        if advice is None:
            return probabilities
        scores = advice.decision_function(X)
        scores -= scores.max(axis=1, keepdims=True)
        digits = probabilities[:, :CLASSES]
        advised = digits * np.exp(self.say * scores.astype(np.float64))
        total = digits.sum(axis=1, keepdims=True)
        advised *= total / np.maximum(advised.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        return np.hstack([advised, probabilities[:, CLASSES:]])

    def predict_proba(self, X: Features) -> NDArray[np.float64]:
        """Probability (n, classes) of each class for features (n, f)."""
        return self.weigh(super().predict_proba(X).astype(np.float64), np.asarray(X, np.float32))

    def predict(self, X: Features) -> NDArray[Any]:
        """Likeliest class (n,) for features (n, f)."""
        likeliest: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return likeliest


def _moments(
    X: NDArray[np.floating[Any]], chosen: NDArray[np.int64], weights: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted mean (f,) and covariance (f, f) of some rows."""
    width = X.shape[1]
    first, second, total = np.zeros(width), np.zeros((width, width)), float(weights.sum())
    blocks = [slice(at, at + BLOCK) for at in range(0, len(chosen), BLOCK)]
    for block in blocks:
        first += weights[block] @ X[chosen[block]].astype(np.float32)
    mean = first / total
    for block in blocks:
        apart = X[chosen[block]].astype(np.float32) - mean.astype(np.float32)
        apart *= np.sqrt(weights[block]).astype(np.float32)[:, None]
        second += apart.T @ apart
    return mean, second / total
