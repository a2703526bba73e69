"""Trained models as files: written whole or not at all, verified before they are opened.

scikit-learn is imported when a file is opened: it takes longer than to see that none need be.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import platform
import warnings
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_origin, get_type_hints

from ml.errors import ArtifactCorrupt, ArtifactIncompatible, ArtifactMissing
from ml.files import write_atomically

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

TRAINING_STATE: Final = ("_optimizer", "_best_coefs", "_best_intercepts", "_random_state")
"""Attributes of scikit-learn's perceptron that each fit makes again."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a model file; it stands beside it as JSON."""

    sha256: str
    """Digest of the file, hexadecimal."""
    size_bytes: int
    created_at: str
    """Time of writing, ISO 8601, UTC."""
    python_version: str
    numpy_version: str
    sklearn_version: str
    """These three: the versions that it was trained with."""
    parameters: dict[str, Any]
    data: dict[str, Any]
    """What it was trained on: counts and digest."""
    metrics: dict[str, Any]
    """How good it is, by the name of the holdout."""
    scipy_version: str = ""
    pillow_version: str = ""
    """These two: empty in older manifests."""


def serialize(model: Pipeline) -> bytes:
    """Turn a trained pipeline into the bytes of a model file, a compressed joblib file.

    What only training needs (the optimizer's moments, second copies of weights) is left out; the
    pipeline itself is not changed.
    """
    import joblib

    lean = copy.copy(model)
    name, classifier = model.steps[-1]
    classifier = copy.copy(classifier)
    for name_of_state in TRAINING_STATE:
        vars(classifier).pop(name_of_state, None)
    lean.steps = [*model.steps[:-1], (name, classifier)]
    buffer = io.BytesIO()
    joblib.dump(lean, buffer, compress=3)
    return buffer.getvalue()


def deserialize(data: bytes, sha256: str) -> Pipeline:
    """Open a model file that was read into memory, after its digest was verified.

    Opening a joblib file can run code, so a file of unknown digest is never opened.

    Raises
    ------
    ArtifactCorrupt
        The digest is not `sha256`, the one recorded when the file was written.
    ArtifactIncompatible
        It was written by another version of scikit-learn or of this project.
    """
    actual = digest(data)
    if actual != sha256:
        raise ArtifactCorrupt(
            f"The model file was changed: its SHA-256 begins {actual[:12]}, not {sha256[:12]}."
        )
    import joblib
    from sklearn.exceptions import InconsistentVersionWarning
    from sklearn.pipeline import Pipeline

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            model = joblib.load(io.BytesIO(data))
    except Exception as error:  # unpickling fails in as many ways as there are classes
        raise ArtifactIncompatible(
            f"The model file does not open here ({type(error).__name__}: {error}). It is from "
            "another version of scikit-learn or of this project; train it again."
        ) from error
    if not isinstance(model, Pipeline):
        raise ArtifactIncompatible("The model file holds something that is not a pipeline.")
    return model


def digest(data: bytes) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def describe(
    data: bytes, parameters: dict[str, Any], trained_on: dict[str, Any], metrics: dict[str, Any]
) -> Manifest:
    """Make the manifest of a model file, with the versions of this machine."""
    return Manifest(
        sha256=digest(data),
        size_bytes=len(data),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        python_version=platform.python_version(),
        numpy_version=version("numpy"),
        sklearn_version=version("scikit-learn"),
        scipy_version=version("scipy"),
        pillow_version=version("pillow"),
        parameters=parameters,
        data=trained_on,
        metrics=metrics,
    )


def save(path: Path, data: bytes, manifest: Manifest) -> None:
    """Write a model file and its manifest (``.json``) beside it, each whole; the model is last."""
    text = json.dumps(asdict(manifest), indent=2) + "\n"
    write_atomically(path.with_suffix(".json"), text.encode())
    write_atomically(path, data)


def read(path: Path) -> bytes:
    """Read a model file. Raises ArtifactMissing if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactMissing(f"There is no readable model file {path.name}.") from error


def read_manifest(path: Path) -> Manifest:
    """Read the manifest beside a model file. Raises ArtifactMissing or ArtifactCorrupt."""
    beside = path.with_suffix(".json")
    try:
        manifest = Manifest(**json.loads(read(beside)))
        for name, kind in get_type_hints(Manifest).items():
            if not isinstance(getattr(manifest, name), get_origin(kind) or kind):
                raise TypeError(f"{name} is of another type")
    except (ValueError, TypeError, RecursionError) as error:
        raise ArtifactCorrupt(f"{beside.name} is not the manifest of a model.") from error
    return manifest


def load(path: Path) -> tuple[Pipeline, Manifest]:
    """Load a model file and its manifest, by whose digest it is verified.

    Raises ArtifactError if one of them is missing, changed or from another version.
    """
    manifest = read_manifest(path)
    return deserialize(read(path), manifest.sha256), manifest
