from __future__ import annotations

import json

import numpy as np
import pytest

from ml.measuring.evaluation import calibration_error, evaluate, report
from ml.pipeline import NOT_A_DIGIT, Reading
from ml.tests.kit.training_data import none, written
from ml.training.train import TrainedArtifact


def test_accuracy_recall_and_confusion_agree_with_a_count_by_hand() -> None:
    labels = np.array([0, 0, 1, 2], np.uint8)
    probabilities = np.full((4, 10), 0.01)
    for row, read in enumerate([0, 5, 1, 2]):
        probabilities[row, read] = 0.91
    result = report(Reading(probabilities, np.zeros(4)), labels)
    assert result.n == 4
    assert result.accuracy == 0.75
    assert result.recall[:3] == (0.5, 1.0, 1.0)
    assert result.recall[3:] == (None,) * 7
    assert result.confusion[0][5] == 1
    assert sum(map(sum, result.confusion)) == 4
    assert result.log_loss == pytest.approx(-(3 * np.log(0.91) + np.log(0.01)) / 4)


def test_an_unreadable_digit_counts_as_wrong() -> None:
    reading = Reading(np.eye(10)[[1, 2]], np.zeros(2))
    result = report(reading, np.array([1, 2], np.uint8), unreadable=[2, 2])
    assert (result.n, result.unreadable) == (4, 2)
    assert result.accuracy == 0.5
    assert result.recall[1:3] == (1.0, 1 / 3)


def test_what_is_not_a_digit_is_right_if_it_was_refused() -> None:
    reading = Reading(np.eye(10)[[1, 1, 1, 2]], np.array([0.9, 0.2, 0.9, 0.9]))
    result = report(reading, np.array([NOT_A_DIGIT, NOT_A_DIGIT, 1, 2], np.uint8), [NOT_A_DIGIT])
    assert (result.n, result.accuracy) == (5, 0.6)
    assert (result.others, result.others_refused) == (2, 0.5)
    assert sum(map(sum, result.confusion)) == 2


def test_a_file_without_digits_has_no_calibration() -> None:
    result = report(Reading(np.eye(10)[[1]], np.array([0.9])), np.array([NOT_A_DIGIT], np.uint8))
    assert (result.accuracy, result.calibration_error, result.log_loss) == (1.0, None, None)
    assert set(result.recall) == {None}


def test_honest_confidence_has_no_calibration_error() -> None:
    right = np.tile([True, True, True, False], 100)
    assert calibration_error(np.full(400, 0.75), right) == pytest.approx(0)


def test_too_much_confidence_is_a_calibration_error() -> None:
    assert calibration_error(np.full(100, 0.99), np.arange(100) < 60) == pytest.approx(0.39)


def test_confidence_1_belongs_to_the_last_slice() -> None:
    assert calibration_error(np.ones(10), np.ones(10, bool)) == 0


def test_evaluate_reports_on_digits_that_the_model_did_not_see(trained: TrainedArtifact) -> None:
    result = evaluate(trained.model, written(500, seed=99))
    assert result.n == 500
    assert result.accuracy > 0.85
    assert json.loads(json.dumps(result.as_dict()))["n"] == 500


def test_evaluating_on_nothing_is_an_error(trained: TrainedArtifact) -> None:
    with pytest.raises(ValueError, match="no digit"):
        evaluate(trained.model, none())
