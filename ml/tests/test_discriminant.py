from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.neural_network import MLPClassifier

from ml import artifacts
from ml.discriminant import FEWEST, AdvisedPerceptron, QuadraticDiscriminant
from ml.pipeline import features_of, read
from ml.tests.kit.training_data import TINY, none, take_small_steps, written
from ml.training.train import TrainedArtifact, train

WIDTH = 12


def draw_features(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw features (count, 12) float32 of the eleven classes, each around a place of its own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count, dtype=np.uint8) % 11
    places, spreads = rng.normal(size=(11, WIDTH)), rng.uniform(0.2, 2, (11, WIDTH))
    features = places[labels] + spreads[labels] * rng.normal(size=(count, WIDTH))
    return features.astype(np.float32), labels


@pytest.fixture(scope="module")
def advised() -> AdvisedPerceptron:
    features, labels = draw_features(3_300)
    perceptron = AdvisedPerceptron((8,), random_state=0)
    for _ in range(5):
        perceptron.partial_fit(features, labels, classes=np.arange(11))
    perceptron.take_advice(features, labels)
    return perceptron


def test_the_scores_are_those_of_gaussians_with_few_axes() -> None:
    features, labels = draw_features(3_300)
    axes, floor = 3, 2.0
    asked = draw_features(50, seed=1)[0]
    expected = np.empty((50, 10))
    for digit in range(10):
        own = features[labels == digit].astype(float)
        variances, directions = np.linalg.eigh(np.cov(own.T, bias=True))
        variances[:-axes] = floor * variances[:-axes].mean()
        variances[-axes:] = np.maximum(variances[-axes:], variances[0])
        gaussian = multivariate_normal(own.mean(axis=0), directions * variances @ directions.T)
        expected[:, digit] = 2 * gaussian.logpdf(asked) + WIDTH * np.log(2 * np.pi)

    scores = QuadraticDiscriminant(axes, floor).fit(features, labels).decision_function(asked)

    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-3)


def test_a_weight_counts_like_copies() -> None:
    features, labels = draw_features(2_200)
    twice = np.arange(2_200) % 3 == 0
    copied = np.concatenate([features, features[twice]])

    weighed = QuadraticDiscriminant(2).fit(features, labels, np.where(twice, 2, 1).astype("f4"))
    repeated = QuadraticDiscriminant(2).fit(copied, np.concatenate([labels, labels[twice]]))

    np.testing.assert_allclose(
        weighed.decision_function(features[:40]), repeated.decision_function(features[:40]),
        rtol=1e-3, atol=1e-3,
    )  # fmt: skip


def test_features_of_half_precision_teach_the_same() -> None:
    features, labels = draw_features(2_200)
    half = features.astype(np.float16)

    single = QuadraticDiscriminant(2).fit(half.astype(np.float32), labels)

    asked = features[:40]
    np.testing.assert_array_equal(
        QuadraticDiscriminant(2).fit(half, labels).decision_function(asked),
        single.decision_function(asked),
    )


def test_advice_is_heard_in_which_digit_it_is_alone(advised: AdvisedPerceptron) -> None:
    features, _ = draw_features(200, seed=2)
    alone = MLPClassifier.predict_proba(advised, features)

    with_advice = advised.predict_proba(features)

    np.testing.assert_allclose(with_advice[:, 10], alone[:, 10], atol=1e-6)
    np.testing.assert_allclose(with_advice.sum(axis=1), 1, atol=1e-6)
    odds = np.log(with_advice[:, :10] / alone[:, :10])
    assert advised.discriminant_ is not None
    scores = advised.say * advised.discriminant_.decision_function(features)
    np.testing.assert_allclose(
        odds - odds.mean(axis=1, keepdims=True),
        scores - scores.mean(axis=1, keepdims=True), atol=1e-4,
    )  # fmt: skip
    assert np.abs(odds).max() > 0.001


def test_what_is_surely_no_digit_stays_so(advised: AdvisedPerceptron) -> None:
    features, _ = draw_features(1)

    assert advised.weigh(np.eye(11)[[10]], features).tolist() == np.eye(11)[[10]].tolist()


def test_the_likeliest_class_is_that_of_the_probabilities(advised: AdvisedPerceptron) -> None:
    features, _ = draw_features(300, seed=3)

    likeliest = advised.predict(features)

    assert likeliest.tolist() == advised.predict_proba(features).argmax(axis=1).tolist()


def test_a_few_digits_give_no_advice() -> None:
    features, labels = draw_features(11 * FEWEST - 1)
    perceptron = AdvisedPerceptron((4,), random_state=0)
    perceptron.partial_fit(features, labels, classes=np.arange(11))

    perceptron.take_advice(features[labels != 3], labels[labels != 3])

    expected = MLPClassifier.predict_proba(perceptron, features)
    np.testing.assert_array_equal(perceptron.predict_proba(features), expected)


def test_a_training_ends_with_advice_from_what_it_trained_on(trained: TrainedArtifact) -> None:
    digits = written(200, seed=3)
    features = features_of(trained.model, digits.images.reshape(-1, 784))

    advice = trained.model[-1].discriminant_.decision_function(features).argmax(axis=1)

    assert np.mean(advice == digits.labels) > 0.7


def test_a_model_file_of_a_version_before_reads_and_trains_on(
    trained: TrainedArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_small_steps(monkeypatch)
    before = artifacts.deserialize(*_with_digest(artifacts.serialize(trained.model)))
    plain = MLPClassifier(**before[-1].get_params())
    vars(plain).update(
        {name: value for name, value in vars(before[-1]).items() if name != "discriminant_"}
    )
    before.steps[-1] = ("mlpclassifier", plain)
    old = artifacts.deserialize(*_with_digest(artifacts.serialize(before)))
    digits = written(100, seed=4)
    rows = digits.images.reshape(-1, 784)
    np.testing.assert_allclose(read(old, digits.images).answers, old.predict_proba(rows), atol=1e-6)

    after = train(written(100, seed=7), none(), TINY, start=old).model

    assert isinstance(after[-1], AdvisedPerceptron)
    assert type(old[-1]) is MLPClassifier
    np.testing.assert_allclose(
        read(after, digits.images).answers, after.predict_proba(rows), atol=1e-6
    )


def _with_digest(data: bytes) -> tuple[bytes, str]:
    return data, artifacts.digest(data)
