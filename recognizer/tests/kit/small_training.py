"""Training on little, in seconds, for tests of what is done around it."""

from __future__ import annotations

import functools
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray
from pytest_django import Settings

from ml.drawing.canonical import Digits
from ml.measuring import holdouts
from ml.training import material
from ml.writing import non_digits, pen
from recognizer.models import Drawing, TrainedModel
from recognizer.services.retraining import training
from recognizer.tests.kit.drawings import digits_of_one_face

SMALL = {
    "typeface_copies": 1,
    "hidden_units": 16,
    "pen_samples": 100,
    "replay_samples": 100,
    "replay_pen_samples": 100,
    "other_samples": 50,
    "replay_other_samples": 50,
    "correction_samples": 100,
    "jobs": 1,
}
LETTERS = Path(__file__).resolve().parents[3] / "fixtures" / "letters.csv.gz"


@pytest.fixture(scope="session")
def typefaces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a data set in TMNIST's format, of families that all look the same."""
    return write_typefaces(tmp_path_factory.mktemp("base") / "tmnist.csv", "Family")


def write_typefaces(path: Path, family: str) -> Path:
    """Write thirty families that all look like Pillow's face."""
    lines = [",".join(["names", "labels", *map(str, range(1, 785))])]
    for number in range(30):
        for label, digit in enumerate(digits_of_one_face()):
            pixels = map(str, digit.ravel())
            lines.append(f"{family}{number}-Regular,{label},{','.join(pixels)}")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="session")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a few of the bundled letters: to read them all takes longer than a small training."""
    path = tmp_path_factory.mktemp("letters") / "letters.csv"
    with gzip.open(LETTERS, "rt") as lines:
        header, *rows = lines
    path.write_text(header + "".join(rows[::20]))
    return path


@functools.cache
def write_pens(count: int, seed: int) -> tuple[Digits, NDArray[np.uint8]]:
    """Write digits once for all trainings: a variant of a digit costs the same for a few of it."""
    return pen.write_digits(count, seed)


write_scribbles = functools.cache(non_digits.write_scribbles)


@pytest.fixture
def small_training(
    model: TrainedModel,
    typefaces: Path,
    letters: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Let the command train on little."""
    settings.BASE_DATASET, settings.LETTERS_DATASET = typefaces, letters
    options = functools.partial(training.TrainingOptions, **SMALL)  # type: ignore[arg-type]
    monkeypatch.setattr(training, "TrainingOptions", options)
    monkeypatch.setattr(
        material, "write_digits", lambda count, seed, **progress: write_pens(count, seed)
    )
    monkeypatch.setattr(non_digits, "write_scribbles", write_scribbles)
    monkeypatch.setattr(holdouts, "PEN_HOLDOUT", 50)
    monkeypatch.setattr(holdouts, "OTHER_HOLDOUT", 20)


def answered(label: int, count: int = 1, **values: Any) -> list[Drawing]:
    """Store drawings of a digit that people say is another one."""
    now = timezone.now()
    fields = {
        "model_id": 1,
        "prediction": 1,
        "confidence": 0.5,
        "probabilities": [0.1] * 10,
        "canonical": digits_of_one_face()[1].tobytes(),
        "image": b"",
        "source": "canvas",
        "label": label,
        "feedback_at": now,
        **values,
    }
    return Drawing.objects.bulk_create(Drawing(**fields) for _ in range(count))
