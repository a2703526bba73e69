"""Where the model looked, and what a digit becomes on its way."""

from __future__ import annotations

import numpy as np
import pytest

from ml.drawing.canonical import Digit
from ml.explanation import occlude, trace
from ml.pipeline import predict
from ml.training.train import TrainedArtifact


class Corner:
    """A model that looks at one pixel: a 1 where there is ink at row 4, column 4, else a 0."""

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        """Return ten probabilities a row."""
        has_ink = rows.reshape(-1, 28, 28)[:, 4, 4] > 0
        shares = np.zeros((len(rows), 10))
        shares[:, 1] = np.where(has_ink, 0.75, 0.25)
        shares[:, 0] = 1 - shares[:, 1]
        return shares


@pytest.fixture
def digit() -> Digit:
    """Return a square of ink at rows and columns 4 to 23."""
    square = np.zeros((28, 28), np.uint8)
    square[4:24, 4:24] = 255
    return square


def test_the_occlusion_map_shows_the_place_that_decides(digit: Digit) -> None:
    occlusion = occlude(Corner(), digit, patch=3)
    expected = np.zeros((28, 28), np.float32)
    expected[3:6, 3:6] = 0.5
    assert occlusion.prediction.digit == 1
    assert occlusion.losses.dtype == np.float32
    np.testing.assert_allclose(occlusion.losses, expected, atol=1e-6)


def test_a_patch_that_raises_the_confidence_has_loss_0(digit: Digit) -> None:
    digit[4, 4] = 0
    assert occlude(Corner(), digit, patch=3).losses.max() == 0


def test_occlusion_does_not_change_the_digit_itself(digit: Digit) -> None:
    before = digit.copy()
    occlude(Corner(), digit)
    assert np.array_equal(digit, before)


def test_a_trace_ends_with_the_answer(trained: TrainedArtifact, digit: Digit) -> None:
    steps = trace(trained.model, digit)
    assert steps.upright.shape == (28, 28)
    assert steps.upright.dtype == np.uint8
    assert steps.directions.shape == (8, 9, 9)
    assert steps.prediction == predict(trained.model, digit[None])[0]


def test_a_trace_shows_edges_where_ink_begins(trained: TrainedArtifact, digit: Digit) -> None:
    to_the_right, downward = trace(trained.model, digit).directions[[0, 2]]
    assert to_the_right[:, 1].mean() > 3 * to_the_right[:, 5:].mean()
    assert downward[1].mean() > 3 * downward[5:].mean()


def test_a_trace_shows_a_slanting_digit_upright(trained: TrainedArtifact) -> None:
    slanting = np.zeros((28, 28), np.uint8)
    for row in range(4, 24):
        column = 20 - (row - 4) // 2
        slanting[row, column : column + 3] = 255
    upright = trace(trained.model, slanting).upright.astype(float)
    columns = np.arange(28)
    center_of = upright @ columns / np.maximum(upright.sum(axis=1), 1)
    with_ink = upright.sum(axis=1) > 100
    assert np.ptp(center_of[with_ink]) < 2
