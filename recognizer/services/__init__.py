"""The one door to the recognizer, and to every write: views and commands come through here."""

from __future__ import annotations

from ml.errors import (
    ArtifactError,
    BlankDrawing,
    DatasetError,
    ImageTooLarge,
    InvalidDrawing,
    InvalidImage,
    InvalidPixels,
    InvalidStrokes,
    RecognizerError,
    TypefaceError,
)
from ml.preprocessing import MAX_IMAGE_BYTES
from recognizer.services.recognition import (
    Sketch,
    canonical_png,
    delete_drawing,
    give_feedback,
    predict,
    read_sketch,
    recognize,
)
from recognizer.services.registry import (
    ActiveModel,
    NoModel,
    ServiceError,
    UnknownModel,
    activate,
    active_model,
    forget_model,
    get_model,
    register_bundled_model,
)
from recognizer.services.statistics import count_drawings

__all__ = [
    "MAX_IMAGE_BYTES",
    "ActiveModel",
    "ArtifactError",
    "BlankDrawing",
    "DatasetError",
    "ImageTooLarge",
    "InvalidDrawing",
    "InvalidImage",
    "InvalidPixels",
    "InvalidStrokes",
    "NoModel",
    "RecognizerError",
    "ServiceError",
    "Sketch",
    "TypefaceError",
    "UnknownModel",
    "activate",
    "active_model",
    "canonical_png",
    "count_drawings",
    "delete_drawing",
    "forget_model",
    "get_model",
    "give_feedback",
    "predict",
    "read_sketch",
    "recognize",
    "register_bundled_model",
]
