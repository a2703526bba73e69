"""Where model files are kept: in the storage that the settings call artifacts.

That is a folder of this machine, or a bucket that several machines share. Of a bucket each machine
has local copies, and a file of a retrained version has a name that no other file ever gets. What
this database put there is noted before it is sent, and nothing else is ever deleted there.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from ml import artifacts, files
from ml.errors import ArtifactError, ArtifactMissing
from recognizer.models import SentFile, TrainedModel
from recognizer.services.versions import local_copies
from recognizer.services.versions.object_storage import BucketStorage
from recognizer.services.versions.object_storage import StorageUnreachable as StorageUnreachable

logger = logging.getLogger(__name__)

ORPHAN_AGE = timedelta(days=1)
"""Age from which a file in a bucket that no version names is one that none will name any more."""


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


def is_shared() -> bool:
    """Whether the storage is a bucket, to which other machines write as well."""
    return isinstance(storage(), BucketStorage)


def check_reachable() -> None:
    """Refuse a bucket that does not answer, before work that would end there."""
    if is_shared():
        storage().exists("model.json")


def keep_retrained(data: bytes, manifest: artifacts.Manifest) -> str:
    """Keep the file of a version that was trained here, and return its name.

    A bucket may have the same file of another site, so there the name is this one's alone. It is
    noted first: if the process ends before the version is stored, the file is found by that.
    """
    name = f"model-{manifest.sha256[:12]}.joblib"
    if is_shared():
        name = f"model-{manifest.sha256[:12]}-{secrets.token_hex(4)}.joblib"
        SentFile.objects.create(name=name)
    return keep(name, data, manifest)


def keep(name: str, data: bytes, manifest: artifacts.Manifest) -> str:
    """Keep a model file, unless it is there already, and return its name.

    The manifest comes first, so that a model that is there has one.
    """
    if is_whole(name, manifest.sha256):
        return name
    text = json.dumps(asdict(manifest), indent=2) + "\n"
    kept = storage()
    kept.save(manifest_of(name), ContentFile(text.encode()))
    name = kept.save(name, ContentFile(data))
    _keep_copy(data, manifest.sha256)
    return name


def read(name: str) -> bytes:
    """Read a file where it is kept, never a copy."""
    try:
        with storage().open(name) as file:
            return bytes(file.read())
    except StorageUnreachable:
        raise
    except Exception as error:  # each kind of storage fails in its own way
        if not isinstance(error, FileNotFoundError):
            logger.warning("%s cannot be read: %s", name, error)
        raise ArtifactMissing(f"There is no readable model file {name}.") from error


def read_model(name: str, sha256: str) -> bytes:
    """Read a model file, or this machine's copy; who opens it checks the digest again."""
    if not is_shared():
        return read(name)
    copy = local_copies.read(sha256)
    if copy is not None:
        return copy
    data = read(name)
    if artifacts.digest(data) == sha256:
        _keep_copy(data, sha256)
    return data


def _keep_copy(data: bytes, sha256: str) -> None:
    """Spare this machine's next process a question to the bucket."""
    if is_shared() and local_copies.read(sha256) is None:
        local_copies.keep(data, sha256)


def is_whole(name: str, sha256: str) -> bool:
    """Check whether a model file is there and has the recorded digest.

    Of a bucket that does not answer, that is not known: StorageUnreachable.
    """
    try:
        data = read(name)
    except StorageUnreachable:
        raise
    except ArtifactError:
        return False
    if artifacts.digest(data) != sha256:
        return False
    _keep_copy(data, sha256)
    return True


def signature(name: str, sha256: str) -> tuple[object, ...]:
    """Return values that change when a model file can be read otherwise; none if it cannot."""
    if is_shared() and local_copies.read(sha256) is not None:
        return (sha256,)
    try:
        return storage().get_modified_time(name), storage().size(name)
    except Exception:  # each kind of storage fails in its own way
        return ()


def remove_orphans(known: set[str]) -> None:
    """Delete the files of retrained models that are not known, and half files.

    In a bucket these are only files that this database sent, and that belong to pruned versions or
    are old: another machine may just be about to store the version of a new one.
    """
    if is_shared():
        _remove_sent(known)
        return
    stems = {Path(name).stem for name in known}
    _, files = storage().listdir("")
    for file in files:
        is_ours = file.startswith("model-") and file.endswith((".joblib", ".json"))
        if (is_ours or file.startswith(".model-")) and Path(file).stem not in stems:
            storage().delete(file)


def _remove_sent(known: set[str]) -> None:
    pruned = TrainedModel.objects.exclude(pruned_at=None).values("artifact")
    is_due = Q(name__in=pruned) | Q(sent_at__lt=timezone.now() - ORPHAN_AGE)
    try:
        for sent in SentFile.objects.filter(is_due).exclude(name__in=known):
            storage().delete(sent.name)
            storage().delete(manifest_of(sent.name))
            sent.delete()
    except StorageUnreachable as error:
        logger.warning("Old model files stay until the next retraining: %s", error.__cause__)


def disown() -> None:
    """Forget which files this database sent, as it was copied from another one's backup."""
    if SentFile._meta.db_table in connection.introspection.table_names():
        SentFile.objects.all().delete()


def manifest_of(name: str) -> str:
    """Return the name of the file that describes a model file."""
    return str(Path(name).with_suffix(".json"))
