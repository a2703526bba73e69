"""The model that comes with the project: trained from scratch and written with its manifest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from ml import artifacts
from ml.fonts.letters import build_letters as build_letters
from ml.fonts.typefaces import build_tmnist as build_tmnist
from ml.labeled import digits
from ml.training import material, train
from ml.training.progress import Progress


def build_model(
    target: Path,
    options: material.TrainingOptions,
    report: Callable[[Progress], None] = lambda progress: None,
) -> artifacts.Manifest:
    """Train on the bundled typefaces and the synthetic pen alone, and write model and manifest."""
    base = digits.load_tmnist(Path(settings.BASE_DATASET))
    nothing = digits.LabeledDigits.concatenate([])
    trained = train.train(
        base,
        nothing,
        options,
        letters=Path(settings.LETTERS_DATASET),
        report=report,
        handwritten=digits.handwriting_families(Path(settings.BASE_DATASET)),
    )
    data = artifacts.serialize(trained.model)
    manifest = artifacts.describe(data, trained.parameters, trained.data, trained.metrics)
    artifacts.save(target, data, manifest)
    return manifest
