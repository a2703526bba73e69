"""Training in blocks is training: the same weights, in less memory, and it can be stopped."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from ml.drawing.canonical import Digits
from ml.features import Features
from ml.pipeline import build_pipeline
from ml.training import train
from ml.training.train import Stage, compute_features

SCHEDULE = (Stage(1e-3, 2, 16), Stage(2e-4, 1, 32))


def make_features(count: int = 400) -> tuple[Features, NDArray[np.uint8]]:
    """Make features of three classes that lie apart."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, count).astype(np.uint8)
    features = rng.normal(labels[:, None], 1.0, (count, 6)).astype(np.float32)
    return features, labels


def started() -> MLPClassifier:
    """Return a classifier that has learned a little."""
    classifier = MLPClassifier((8,), random_state=0, max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return classifier.fit(*make_features())


def fit(
    classifier: MLPClassifier,
    features: Features,
    labels: NDArray[np.uint8],
    report: Callable[[float], None] = lambda fraction: None,
) -> list[NDArray[np.float32]]:
    """Train and return the weights."""
    train._fit(classifier, features, labels, SCHEDULE, 5, report)
    return [*classifier.coefs_, *classifier.intercepts_]


def test_epochs_in_blocks_end_in_the_weights_of_whole_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    features, labels = make_features()
    whole = started()
    epochs = [stage for stage in SCHEDULE for _ in range(stage.epochs)]
    for number, stage in enumerate(epochs):
        whole.set_params(
            warm_start=True,
            learning_rate_init=stage.learning_rate,
            batch_size=stage.batch_size,
            random_state=5 + number,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            whole.fit(features, labels)
    monkeypatch.setattr(train, "BLOCK", 96)
    for ours, theirs in zip(
        fit(started(), features, labels), [*whole.coefs_, *whole.intercepts_], strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_features_in_half_precision_train_as_well() -> None:
    features, labels = make_features(2_000)
    accuracies = []
    for dtype in (np.float32, np.float16):
        classifier = started()
        fit(classifier, features.astype(dtype), labels)
        accuracies.append(classifier.score(features, labels))
    assert abs(accuracies[0] - accuracies[1]) < 0.01


def test_progress_is_reported_within_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(train, "BLOCK", 96)
    fit(started(), *make_features(), told.append)
    assert told == sorted(told)
    assert len(told) == 3 * 5
    assert told[0] == 0


def test_ctrl_c_stops_a_training_in_the_middle_of_an_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = started()
    backprop = classifier._backprop

    def press_ctrl_c(*arguments: object) -> object:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # not so in the background
        signal.raise_signal(signal.SIGINT)
        return backprop(*arguments)

    monkeypatch.setattr(classifier, "_backprop", press_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        fit(classifier, *make_features())


def test_features_of_parts_are_those_of_the_whole_and_the_parts_are_released() -> None:
    rng = np.random.default_rng(1)
    digits: Digits = rng.integers(0, 256, (30, 28, 28)).astype(np.uint8)
    transformers = build_pipeline()[:-1]
    parts = [digits[:13], digits[13:13], digits[13:]]
    features = compute_features(transformers, parts)
    assert parts == []
    np.testing.assert_allclose(features, transformers.transform(digits.reshape(30, -1)), atol=1e-5)


def test_features_can_be_kept_in_half_precision() -> None:
    digits = np.full((3, 28, 28), 99, np.uint8)
    features = compute_features(build_pipeline()[:-1], [digits], dtype=np.float16)
    assert features.dtype == np.float16
