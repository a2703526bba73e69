"""Training in blocks is training: the same weights, in less memory, and it can be stopped."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from ml.drawing.canonical import Digits
from ml.features import Features
from ml.pipeline import build_pipeline
from ml.training import train
from ml.training.adam import SmoothedAdam
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
    *,
    schedule: tuple[Stage, ...] = SCHEDULE,
    weights: NDArray[np.float32] | None = None,
) -> list[NDArray[np.float32]]:
    """Train and return the weights."""
    train._fit(classifier, features, labels, schedule, 5, report, weights)
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
    monkeypatch.setattr(train, "SMOOTHING", 0)
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
    backprop = SmoothedAdam.backprop

    def press_ctrl_c(*arguments: Any) -> object:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # not so in the background
        signal.raise_signal(signal.SIGINT)
        return backprop(*arguments)

    monkeypatch.setattr(SmoothedAdam, "backprop", press_ctrl_c)
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


def test_training_ends_in_the_mean_of_the_weights_after_the_averaged_epochs() -> None:
    features, labels = make_features()
    first, last = Stage(1e-3, 1, 16), Stage(2e-4, 2, 32)
    ends = [
        fit(started(), features, labels, schedule=(first, replace(last, epochs=epochs)))
        for epochs in (1, 2)
    ]
    averaged = fit(started(), features, labels, schedule=(first, replace(last, averaged=True)))
    for one, other, mean in zip(*ends, averaged, strict=True):
        assert not np.array_equal(one, other)
        np.testing.assert_allclose(mean, (one + other) / 2, atol=1e-7)
        assert mean.dtype == np.float32


def test_what_weighs_more_decides_where_labels_contradict() -> None:
    features, labels = make_features()
    other = ((labels + 1) % 3).astype(np.uint8)
    chances = []
    for weight_of_other in (1, 9):
        weights = np.repeat(np.array([1, weight_of_other], np.float32), len(labels))
        classifier = started()
        both = np.concatenate([features, features]), np.concatenate([labels, other])
        fit(classifier, *both, schedule=(Stage(1e-2, 9, 16),), weights=weights)
        chances.append(classifier.predict_proba(features)[np.arange(len(other)), other].mean())
    assert chances[0] < 0.5 < chances[1]


def test_smoothed_labels_teach_to_be_less_sure_and_leave_the_classifier_as_it_was() -> None:
    features = np.repeat(np.eye(3, dtype=np.float32), 200, axis=0)
    labels = np.repeat(np.arange(3, dtype=np.uint8), 200)
    classifier = MLPClassifier((8,), random_state=0, max_iter=1, alpha=0)
    fit(classifier, features, labels, schedule=(Stage(1e-2, 60, 32),))
    sure = classifier.predict_proba(features).max(axis=1)
    np.testing.assert_allclose(sure, 1 - train.SMOOTHING * 2 / 3, atol=0.005)
    assert not {"_backprop", "_optimizer"} & set(vars(classifier))


def test_a_lower_temperature_makes_surer_and_changes_no_answer() -> None:
    features, _ = make_features()
    classifier = started()
    before = classifier.predict_proba(features)
    train._temper(classifier, 0.5)
    after = classifier.predict_proba(features)
    np.testing.assert_array_equal(before.argmax(axis=1), after.argmax(axis=1))
    np.testing.assert_allclose(after, before**2 / (before**2).sum(axis=1, keepdims=True), rtol=1e-4)
