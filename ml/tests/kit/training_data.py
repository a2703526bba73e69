"""Small data sets and short trainings for the tests, made by the synthetic pen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ml.labeled.digits import LabeledDigits
from ml.measuring import holdouts
from ml.training import train as train_module
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
TINY = replace(
    SHORT,
    hidden_units=16,
    typeface_copies=6,
    pen_samples=200,
    replay_pen_samples=100,
    other_samples=60,
    replay_other_samples=40,
)
"""A training whose phases all have several chunks, in the steps of `take_small_steps`."""


def measure_on_little(monkeypatch: pytest.MonkeyPatch, pens: int, others: int) -> None:
    """Measure models on fewer digits and scribbles, as writing those takes longer than training."""
    monkeypatch.setattr(holdouts, "PEN_HOLDOUT", pens)
    monkeypatch.setattr(holdouts, "OTHER_HOLDOUT", others)


def take_small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure on next to nothing, and compute the features of few digits at once."""
    measure_on_little(monkeypatch, 50, 20)
    monkeypatch.setattr(train_module, "FEATURE_CHUNK", 250)


def written(count: int, seed: int, groups: int = 20) -> LabeledDigits:
    """Digits of the synthetic pen in groups of equal size."""
    images, labels = write_digits(count, seed)
    names = np.array([f"group {index % groups}" for index in range(count)])
    return LabeledDigits(images, labels, names)


def none() -> LabeledDigits:
    """No digits."""
    return LabeledDigits.concatenate([])
