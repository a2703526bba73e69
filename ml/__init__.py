"""The recognizer: from ink to digits, and how it is trained. It knows nothing of the web.

>>> from ml import canonical_digit, ink_from_image, load_model, predict
>>> model, manifest = load_model(Path("fixtures/model.joblib"))
>>> digit = canonical_digit(ink_from_image(png))
>>> predict(model, digit[None])[0].digit
7
"""

from __future__ import annotations

from ml.artifacts import Manifest
from ml.artifacts import load as load_model
from ml.drawing.canonical import canonical_digit
from ml.drawing.pictures import ink_from_image, ink_from_pixels
from ml.drawing.strokes import ink_from_strokes, parse_strokes
from ml.errors import (
    ArtifactError,
    BlankDrawing,
    DatasetError,
    InvalidDrawing,
    RecognizerError,
    TypefaceError,
)
from ml.fonts.typefaces import build_tmnist
from ml.labeled.digits import LabeledDigits, load_labeled, load_tmnist, split_by_group
from ml.measuring.evaluation import Report, evaluate
from ml.pipeline import Prediction, build_pipeline, predict
from ml.training import TrainedArtifact, TrainingOptions, train

__all__ = [
    "ArtifactError",
    "BlankDrawing",
    "DatasetError",
    "InvalidDrawing",
    "LabeledDigits",
    "Manifest",
    "Prediction",
    "RecognizerError",
    "Report",
    "TrainedArtifact",
    "TrainingOptions",
    "TypefaceError",
    "build_pipeline",
    "build_tmnist",
    "canonical_digit",
    "evaluate",
    "ink_from_image",
    "ink_from_pixels",
    "ink_from_strokes",
    "load_labeled",
    "load_model",
    "load_tmnist",
    "parse_strokes",
    "predict",
    "split_by_group",
    "train",
]
