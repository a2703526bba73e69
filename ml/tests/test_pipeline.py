from __future__ import annotations

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from ml.features import DirectionMaps
from ml.pipeline import STRANGENESS_LIMIT, build_pipeline, predict, read
from ml.tests.kit.drawings import DIGITS, canonical
from ml.tests.kit.training_data import written
from ml.training.train import TrainedArtifact
from ml.writing.non_digits import write_scribbles


def test_a_trained_model_reads_neat_digits(trained: TrainedArtifact) -> None:
    images = np.stack([canonical(digit) for digit in DIGITS])
    read = [prediction.digit for prediction in predict(trained.model, images)]
    assert sum(a == b for a, b in zip(read, DIGITS, strict=True)) >= 9


def test_the_fields_of_a_prediction_agree(trained: TrainedArtifact) -> None:
    (prediction,) = predict(trained.model, canonical(3)[None])
    ranked = sorted(prediction.probabilities, reverse=True)
    assert sum(prediction.probabilities) == pytest.approx(1)
    assert prediction.confidence == ranked[0] == prediction.probabilities[prediction.digit]
    assert prediction.margin == pytest.approx(ranked[0] - ranked[1])
    assert 0 <= prediction.strangeness <= 1
    assert prediction.is_digit is (prediction.strangeness < STRANGENESS_LIMIT)


def test_a_digit_gets_the_same_answer_alone_and_among_many(trained: TrainedArtifact) -> None:
    images = np.stack([canonical(digit) for digit in DIGITS])
    for together, image in zip(predict(trained.model, images), images, strict=True):
        (alone,) = predict(trained.model, image[None])
        assert alone.digit == together.digit
        assert alone.confidence == pytest.approx(together.confidence, abs=1e-4)


def test_probabilities_are_those_of_scikit_learn(trained: TrainedArtifact) -> None:
    images = np.stack([canonical(digit) for digit in DIGITS])
    expected = trained.model.predict_proba(images.reshape(-1, 784))
    reading = read(trained.model, images)
    np.testing.assert_allclose(reading.strangeness, expected[:, 10], atol=1e-5)
    given_a_digit = expected[:, :10] / expected[:, :10].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(reading.probabilities, given_a_digit, atol=1e-5)


def test_a_classifier_that_is_not_a_perceptron_is_asked_by_predict_proba() -> None:
    digits = written(60, seed=6)
    rows = digits.images.reshape(-1, 784)
    model = make_pipeline(DirectionMaps(), GaussianNB()).fit(rows, digits.labels)
    assert read(model, digits.images).probabilities.argmax(axis=1).tolist() == [
        *model.predict(rows)
    ]


def test_an_empty_batch_gets_an_empty_answer(trained: TrainedArtifact) -> None:
    assert predict(trained.model, np.empty((0, 28, 28), np.uint8)) == []


def test_letters_and_scribbles_are_stranger_than_digits(trained: TrainedArtifact) -> None:
    digits = read(trained.model, written(300, seed=5).images).strangeness
    scribbles = read(trained.model, write_scribbles(300, seed=5)).strangeness
    assert np.mean(digits < 0.5) > 0.9
    assert np.mean(scribbles > 0.5) > 0.4  # it trained for seconds


def test_a_certain_scribble_still_has_ten_probabilities_that_sum_to_1() -> None:
    class Certain:
        def predict_proba(self, rows: np.ndarray) -> np.ndarray:
            return np.eye(11)[[10] * len(rows)]

    reading = read(Certain(), np.zeros((2, 28, 28), np.uint8))
    np.testing.assert_allclose(reading.probabilities, 0.1)
    assert reading.strangeness.tolist() == [1, 1]


def test_the_pipeline_is_built_of_named_steps() -> None:
    assert list(build_pipeline(hidden_units=32).named_steps) == [
        "momentnormalization",
        "directionmaps",
        "advisedperceptron",
    ]
