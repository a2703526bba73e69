"""How good a version is on a labeled file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ml.errors import DatasetError, InvalidDrawing
from ml.labeled import formats, sniffing
from ml.labeled.digits import canonicalize
from ml.labeled.exported import LabeledDrawing
from ml.measuring.evaluation import Report
from ml.measuring.evaluation import evaluate as evaluate_pipeline
from recognizer.services.versions.registry import get_model, load_pipeline

FORMATS = sniffing.FORMATS
"""What `evaluate` reads, for the help of commands."""


@dataclass(frozen=True)
class Evaluation:
    """A report, its version, and the drawings that could not be read."""

    version: int
    report: Report
    unreadable: tuple[str, ...]
    notices: tuple[str, ...]
    """What was assumed about the file, or left aside in it."""


def evaluate(path: Path, version: int | None = None) -> Evaluation:
    """Ask a version, by default the active one, about every digit of a file or folder.

    A drawing without anything to read counts as wrong, as its author would say.
    """
    model = get_model(version)
    pipeline = load_pipeline(model)
    labels, sentences = [], []
    notices: list[str] = []

    def note(drawing: LabeledDrawing, error: InvalidDrawing) -> None:
        if drawing.label is not None:
            labels.append(drawing.label)
        sentences.append(f"{drawing.name}: {error}")

    digits = canonicalize(formats.iter_labeled(path, notices.append), note)
    if not len(digits):
        raise DatasetError("No drawing of it can be read.", path)
    report = evaluate_pipeline(pipeline, digits, labels)
    return Evaluation(model.version, report, tuple(sentences), tuple(notices))
