"""Adam's steps on smoothed labels, as scikit-learn takes them, in less time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

BLOCK: Final = 16_384
"""Weights that are changed together: so many fit into a processor's cache."""

Layers = list[NDArray[np.float32]]


class SmoothedAdam(AdamOptimizer):  # type: ignore[misc]
    """Takes a perceptron's steps while it trains, each weight in place.

    scikit-learn writes eight arrays as large as the weights for each step, and computes a loss that
    is not used here. The weights become the same to the bit where labels are not smoothed.

    Parameters
    ----------
    classifier : MLPClassifier
        A perceptron of rectified units; its step size is taken from it.
    smoothing : float
        Share of each label that is spread evenly over all answers.

    References
    ----------
    Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    def __init__(self, classifier: MLPClassifier, smoothing: float) -> None:
        settings = classifier.beta_1, classifier.beta_2, classifier.epsilon
        super().__init__([], classifier.learning_rate_init, *settings)
        self._classifier = classifier
        self._smoothing = smoothing
        self._weight = 1.0
        self._spare = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float64)

    def backprop(
        self,
        images: NDArray[np.float32],
        labels: NDArray[np.bool_],
        sample_weight: NDArray[np.float32] | None,
        activations: Layers,
        deltas: Layers,
        coef_grads: Layers,
        intercept_grads: Layers,
    ) -> tuple[float, Layers, Layers]:
        """Do what `MLPClassifier._backprop` does, but for the loss and the decay of weights."""
        coefs, smoothing = self._classifier.coefs_, np.float32(self._smoothing)
        self._classifier._forward_pass(activations)
        spread = smoothing / max(labels.shape[1], 2)  # two answers have one column
        delta = activations[-1] - (labels * (1 - smoothing) + spread)
        self._weight = len(images)
        if sample_weight is not None:
            delta *= sample_weight.reshape(-1, 1)
            self._weight = sample_weight.sum()
        for layer in reversed(range(len(coefs))):
            coef_grads[layer] = activations[layer].T @ delta
            intercept_grads[layer] = delta.sum(axis=0) / self._weight
            if layer:
                delta = delta @ coefs[layer].T
                delta *= activations[layer] > 0
        return np.nan, coef_grads, intercept_grads

    def update_params(self, params: Layers, grads: Layers) -> None:
        """Take a step; the gradients of `backprop` are used up."""
        if not self.t:
            self.ms, self.vs = ([*map(np.zeros_like, params)] for _ in range(2))
        self.t += 1
        rate = np.sqrt(1 - self.beta_2**self.t) / (1 - self.beta_1**self.t)
        self.learning_rate = self.learning_rate_init * rate
        for layer in zip(params, grads, self.ms, self.vs, strict=True):
            rows = max(1, BLOCK // layer[0][0].size)
            for start in range(0, len(layer[0]), rows):
                self._step(*(values[start : start + rows] for values in layer))

    def _step(
        self,
        weights: NDArray[np.float32],
        gradient: NDArray[np.float32],
        mean: NDArray[np.float32],
        square: NDArray[np.float32],
    ) -> None:
        """Change some rows of a layer, and its means of the gradient and of its square."""
        single, double = (spare[: weights.size].reshape(weights.shape) for spare in self._spare)
        if weights.ndim == 2:  # only matrices decay
            np.multiply(weights, self._classifier.alpha, out=single)
            gradient += single
            gradient /= self._weight
        np.multiply(gradient, 1 - self.beta_1, out=single)
        mean *= self.beta_1
        mean += single
        np.square(gradient, out=gradient)
        gradient *= 1 - self.beta_2
        square *= self.beta_2
        square += gradient
        np.sqrt(square, out=single)
        single += self.epsilon
        np.multiply(mean, -self.learning_rate, out=double)
        double /= single
        np.add(weights, double, out=weights, casting="same_kind")


@contextmanager
def smoothed_adam(classifier: MLPClassifier, smoothing: float) -> Iterator[None]:
    """Let `partial_fit` take the steps of a new `SmoothedAdam` inside the block."""
    # Both names are private: after an upgrade, the tests of fitting say whether they still work.
    classifier._optimizer = adam = SmoothedAdam(classifier, smoothing)
    classifier._backprop = adam.backprop
    try:
        yield
    finally:
        del classifier._backprop, classifier._optimizer
