"""The one door to the recognizer, and to every write: views and commands come through here."""

from __future__ import annotations

from ml.drawing.pictures import MAX_IMAGE_BYTES
from ml.errors import (
    ArtifactError,
    BlankDrawing,
    DatasetError,
    ImageTooLarge,
    InvalidDrawing,
    InvalidImage,
    InvalidItem,
    InvalidPixels,
    InvalidStrokes,
    RecognizerError,
    TypefaceError,
)
from ml.fonts.letters import build_letters
from ml.fonts.typefaces import BuildSummary, build_tmnist
from ml.pipeline import Prediction
from ml.training.material import TrainingOptions
from ml.training.progress import Progress
from recognizer.services.archive import ImportSummary, import_drawings, prune_drawings
from recognizer.services.backups import Backup, BadBackup, NotEmpty, back_up, restore
from recognizer.services.bases import BadBase
from recognizer.services.batches import (
    MAX_BATCH,
    predict_file,
    predict_images,
    predict_pixels,
    predict_strokes,
)
from recognizer.services.bundle import build_model
from recognizer.services.comparison import (
    Asked,
    Contrast,
    Difference,
    SameVersion,
    compare_versions,
)
from recognizer.services.evaluation import Evaluation, evaluate
from recognizer.services.explanation import (
    Explanation,
    Walkthrough,
    explain,
    explanation_tag,
    walk_through,
)
from recognizer.services.exports import (
    UnknownFormat,
    drawing_json,
    export_drawings,
    stream_labeled,
)
from recognizer.services.gate import Verdict
from recognizer.services.keys import InvalidKey, find_key, issue_key, revoke_keys
from recognizer.services.metrics import tell_metrics
from recognizer.services.recognition import (
    IdTaken,
    Sketch,
    canonical_png,
    delete_drawing,
    delete_own_drawings,
    give_feedback,
    is_kept,
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
from recognizer.services.reports import Panel, VersionReport, make_report
from recognizer.services.request_keys import (
    DrawingGone,
    KeyReused,
    NamedRequest,
    Recognized,
    find_made,
    name_request,
)
from recognizer.services.reviews import approve_drawings, reject_drawings, review_drawing
from recognizer.services.runs import RetrainingInProgress, close_dead_runs
from recognizer.services.schedule import (
    RetrainingEnqueued,
    enqueue_retraining,
    waiting_since,
)
from recognizer.services.statistics import count_drawings
from recognizer.services.throttling import Excess, Limit, count_hits
from recognizer.services.training import Retrained, RetrainOptions, retrain

__all__ = [
    "MAX_BATCH",
    "MAX_IMAGE_BYTES",
    "ActiveModel",
    "ArtifactError",
    "Asked",
    "Backup",
    "BadBackup",
    "BadBase",
    "BlankDrawing",
    "BuildSummary",
    "Contrast",
    "DatasetError",
    "Difference",
    "DrawingGone",
    "Evaluation",
    "Excess",
    "Explanation",
    "IdTaken",
    "ImageTooLarge",
    "ImportSummary",
    "InvalidDrawing",
    "InvalidImage",
    "InvalidItem",
    "InvalidKey",
    "InvalidPixels",
    "InvalidStrokes",
    "KeyReused",
    "Limit",
    "NamedRequest",
    "NoModel",
    "NotEmpty",
    "Panel",
    "Prediction",
    "Progress",
    "Recognized",
    "RecognizerError",
    "RetrainOptions",
    "Retrained",
    "RetrainingEnqueued",
    "RetrainingInProgress",
    "SameVersion",
    "ServiceError",
    "Sketch",
    "TrainingOptions",
    "TypefaceError",
    "UnknownFormat",
    "UnknownModel",
    "Verdict",
    "VersionReport",
    "Walkthrough",
    "activate",
    "active_model",
    "approve_drawings",
    "back_up",
    "build_letters",
    "build_model",
    "build_tmnist",
    "canonical_png",
    "close_dead_runs",
    "compare_versions",
    "count_drawings",
    "count_hits",
    "delete_drawing",
    "delete_own_drawings",
    "drawing_json",
    "enqueue_retraining",
    "evaluate",
    "explain",
    "explanation_tag",
    "export_drawings",
    "find_key",
    "find_made",
    "forget_model",
    "get_model",
    "give_feedback",
    "import_drawings",
    "is_kept",
    "issue_key",
    "make_report",
    "name_request",
    "predict_file",
    "predict_images",
    "predict_pixels",
    "predict_strokes",
    "prune_drawings",
    "read_sketch",
    "recognize",
    "register_bundled_model",
    "reject_drawings",
    "restore",
    "retrain",
    "review_drawing",
    "revoke_keys",
    "stream_labeled",
    "tell_metrics",
    "waiting_since",
    "walk_through",
]
