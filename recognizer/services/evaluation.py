"""How good a version is on a labeled file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ml import datasets
from ml.evaluation import Report
from ml.evaluation import evaluate as evaluate_pipeline
from recognizer.services.registry import get_model, load_pipeline


@dataclass(frozen=True)
class Evaluation:
    """A report and the version that it is about."""

    version: int
    report: Report


def evaluate(path: Path, version: int | None = None) -> Evaluation:
    """Ask a version, the active one if none is named, about every digit of a file or folder."""
    model = get_model(version)
    pipeline = load_pipeline(model)
    return Evaluation(model.version, evaluate_pipeline(pipeline, datasets.load_labeled(path)))
