"""What happens inside the model, and with a part of the digit covered."""

from __future__ import annotations

import numpy as np
import pytest

from ml.drawing.canonical import Digit
from ml.explanation import cover, trace
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


def test_what_is_covered_is_read_as_if_it_were_not_there(digit: Digit) -> None:
    shares = cover(Corner(), digit)
    assert shares.shape == (14, 14, 11)
    # A patch of 7 px around row and column 1, 3, 5 or 7 covers row and column 4.
    expected = np.full((14, 14), 0.75)
    expected[:4, :4] = 0.25
    decided = 1 - shares[..., 10]
    np.testing.assert_allclose(shares[..., 1] / decided, expected, atol=1e-6)
    np.testing.assert_allclose(shares.sum(axis=2), 1, atol=1e-6)


def test_a_trace_ends_with_the_answer(trained: TrainedArtifact, digit: Digit) -> None:
    steps = trace(trained.model, digit)
    assert steps.upright.shape == (28, 28)
    assert steps.upright.dtype == np.uint8
    assert steps.directions.shape == (8, 9, 9)
    assert steps.prediction == predict(trained.model, digit[None])[0]


def test_the_votes_of_the_units_make_the_answer(trained: TrainedArtifact, digit: Digit) -> None:
    steps = trace(trained.model, digit)
    biases = trained.model[-1].intercepts_[-1]
    odds = np.exp(steps.units @ steps.votes + biases)
    shares = odds / odds.sum()
    assert shares[10] == pytest.approx(steps.prediction.strangeness, abs=1e-5)
    np.testing.assert_allclose(steps.votes.sum(axis=1), 0, atol=1e-5)


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
