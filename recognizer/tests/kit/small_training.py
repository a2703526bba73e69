"""Training on little, in seconds, for tests of what is done around it."""

from __future__ import annotations

import functools
import gzip
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from ml.measuring import holdouts
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
