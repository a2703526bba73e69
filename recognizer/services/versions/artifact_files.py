"""Where model files are kept: in the storage that the settings call artifacts."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

from ml import artifacts, files
from ml.errors import ArtifactError, ArtifactMissing

logger = logging.getLogger(__name__)


class AtomicFileStorage(FileSystemStorage):
    """Files in ARTIFACTS_DIR, written whole or not at all, whenever the process ends.

    A storage elsewhere, such as an object store, shows no half file by itself.
    """

    @property
    def base_location(self) -> str:
        """Return the folder that the settings name."""
        return str(settings.ARTIFACTS_DIR)

    @property
    def location(self) -> str:
        """Return that folder from the root."""
        return os.path.abspath(self.base_location)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Let a file replace one of the same name, which may be damaged."""
        return name

    def _save(self, name: str, content: Any) -> str:
        files.write_atomically(Path(self.path(name)), content.read())
        return name


def storage() -> Storage:
    return storages["artifacts"]


def keep(name: str, data: bytes, manifest: artifacts.Manifest) -> str:
    """Keep a model file, unless it is there already, and return its name.

    The manifest comes first, so that a model that is there has one.
    """
    if is_whole(name, manifest.sha256):
        return name
    text = json.dumps(asdict(manifest), indent=2) + "\n"
    kept = storage()
    kept.save(manifest_of(name), ContentFile(text.encode()))
    return kept.save(name, ContentFile(data))


def read(name: str) -> bytes:
    try:
        with storage().open(name) as file:
            return bytes(file.read())
    except Exception as error:  # each kind of storage fails in its own way
        if not isinstance(error, FileNotFoundError):
            logger.warning("%s cannot be read: %s", name, error)
        raise ArtifactMissing(f"There is no readable model file {name}.") from error


def is_whole(name: str, sha256: str) -> bool:
    """Check whether a model file is there and has the recorded digest."""
    try:
        return artifacts.digest(read(name)) == sha256
    except ArtifactError:
        return False


def signature(name: str) -> tuple[object, ...]:
    """Return values that change when a model file does; none if it is missing."""
    try:
        return storage().get_modified_time(name), storage().size(name)
    except Exception:  # each kind of storage fails in its own way
        return ()


def remove_orphans(known: set[str]) -> None:
    """Delete the files of retrained models that are not known, and half files."""
    stems = {Path(name).stem for name in known}
    _, files = storage().listdir("")
    for file in files:
        is_ours = file.startswith("model-") and file.endswith((".joblib", ".json"))
        if (is_ours or file.startswith(".model-")) and Path(file).stem not in stems:
            storage().delete(file)


def manifest_of(name: str) -> str:
    """Return the name of the file that describes a model file."""
    return str(Path(name).with_suffix(".json"))
