"""Small data sets and short trainings for the tests, made by the synthetic pen."""

from __future__ import annotations

import numpy as np

from ml.labeled.digits import LabeledDigits
from ml.training.material import TrainingOptions
from ml.writing.pen import write_digits

SHORT = TrainingOptions(
    hidden_units=64,
    typeface_copies=1,
    pen_samples=3000,
    replay_samples=200,
    replay_pen_samples=1500,
    other_samples=400,
    replay_other_samples=200,
    correction_samples=600,
    jobs=1,
)
"""A training of seconds that reads most digits."""


def written(count: int, seed: int, groups: int = 20) -> LabeledDigits:
    """Digits of the synthetic pen in groups of equal size."""
    images, labels = write_digits(count, seed)
    names = np.array([f"group {index % groups}" for index in range(count)])
    return LabeledDigits(images, labels, names)


def none() -> LabeledDigits:
    """No digits."""
    return LabeledDigits.concatenate([])
