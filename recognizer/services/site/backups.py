"""Backups: database and model files as one file, written whole, checked, restored."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
import tarfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from ml import artifacts
from ml.errors import ArtifactError
from ml.files import open_atomically
from recognizer.models import TrainedModel
from recognizer.services.errors import ServiceError
from recognizer.services.retraining import runs
from recognizer.services.site import snapshots
from recognizer.services.versions import artifact_files
from recognizer.services.versions.registry import forget_model

logger = logging.getLogger(__name__)

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
MODEL_FILE = re.compile(r"artifacts/[A-Za-z0-9_-][A-Za-z0-9._-]{0,80}")
MOST_MANIFEST_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


class BadBackup(ServiceError):
    """A file is not a whole backup of this site."""


class NotEmpty(ServiceError):
    """The archive is not empty, and --force is missing."""


@dataclass(frozen=True)
class Part:
    size: int
    sha256: str


@dataclass(frozen=True)
class Backup:
    """The manifest of a backup; ``missing`` are model files that could not be read."""

    made_at: str
    database: str
    migrations: list[tuple[str, str]]
    missing: list[str]
    parts: dict[str, Part]

    @property
    def models(self) -> int:
        return sum(name.endswith(".joblib") for name in self.parts)


def back_up(path: Path) -> Backup:
    """Write database and model files into one file, while the site answers.

    Model files are copied before and after the database: one that was pruned meanwhile is there
    from before, one that was made meanwhile from after.
    """
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as name:
        folder = Path(name)
        (folder / "artifacts").mkdir()
        made_at = timezone.now().isoformat(timespec="seconds")
        _copy_models(TrainedModel.objects.whole().values_list("artifact", "sha256"), folder)
        snapshot = snapshots.take_snapshot(folder / DATABASE)
        missing = _copy_models(snapshot.files, folder)
        files = [DATABASE, *(f"artifacts/{file.name}" for file in folder.glob("artifacts/*"))]
        parts = {file: _describe(folder / file) for file in sorted(files)}
        backup = Backup(made_at, connection.vendor, snapshot.migrations, missing, parts)
        _write(path, backup, folder)
    return backup


def restore(path: Path, *, force: bool = False) -> tuple[Backup, bool]:
    """Put a backup in the place of the archive; return whether migrations must follow.

    All of it is unpacked and checked before anything is touched. Model files come first, beside
    those that are there; the database follows in one transaction.
    """
    if not (force or snapshots.is_empty()):
        raise NotEmpty(
            "There is an archive already: drawings, users or training runs. With --force the "
            "backup takes its place."
        )
    # Beside the model files there are the room and the right to write.
    with (
        runs.lock_retraining(),
        TemporaryDirectory(dir=settings.ARTIFACTS_DIR, prefix=".restore-") as name,
    ):
        folder = Path(name)
        backup = _unpack(path, folder)
        _check_kind(backup)
        snapshots.check_snapshot(folder / DATABASE)
        for file in backup.parts:
            if file != DATABASE:
                content = ContentFile((folder / file).read_bytes())
                artifact_files.storage().save(file.removeprefix("artifacts/"), content)
        snapshots.load_snapshot(folder / DATABASE)
        artifact_files.disown()
    forget_model()
    executor = MigrationExecutor(connection)
    return backup, bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _copy_models(files: Iterable[tuple[str, str]], folder: Path) -> list[str]:
    """Copy model files that are not there yet; return the names of those that are damaged."""
    missing = []
    for name, sha256 in files:
        copy = folder / "artifacts" / name
        if copy.exists():
            continue
        try:
            data = artifact_files.read(name)
            manifest = artifact_files.read(artifact_files.manifest_of(name))
            if artifacts.digest(data) != sha256:
                raise ArtifactError(f"{name} is not the recorded file.")
        except ArtifactError as error:
            logger.warning("The backup is without %s: %s", name, error)
            missing.append(name)
            continue
        copy.write_bytes(data)
        copy.with_suffix(".json").write_bytes(manifest)
    return missing


def _describe(file: Path) -> Part:
    with file.open("rb") as content:
        return Part(file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())


def _write(path: Path, backup: Backup, folder: Path) -> None:
    """Write the tar, readable by its owner alone."""
    manifest = (json.dumps({"format": FORMAT, **asdict(backup)}, indent=2) + "\n").encode()
    with (
        open_atomically(path, 0o600) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        _add(tar, MANIFEST, len(manifest), io.BytesIO(manifest))
        for name, part in backup.parts.items():
            with (folder / name).open("rb") as content:
                _add(tar, name, part.size, content)


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    tar.addfile(member, content)


def _unpack(path: Path, folder: Path) -> Backup:
    """Unpack the parts that the manifest of a backup names; refuse any other."""
    (folder / "artifacts").mkdir()
    try:
        with tarfile.open(path, "r:") as tar:  # never a compressed one, which could be a bomb
            members = iter(tar)
            backup = _read_manifest(tar, next(members, None))
            left = dict(backup.parts)
            for member in members:
                part = left.pop(member.name, None)
                if part is None or not _is_plain(member) or member.size != part.size:
                    raise BadBackup(
                        f"{path.name} holds {member.name!r}, which is not a part of it."
                    )
                _extract(tar, member, folder / member.name, part)
    except (tarfile.TarError, EOFError) as error:
        raise BadBackup(f"{path.name} is not a whole backup: {error}.") from error
    if left:
        raise BadBackup(f"{path.name} is not whole: {min(left)} is missing.")
    return backup


def _read_manifest(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> Backup:
    if (
        member is None
        or member.name != MANIFEST
        or not _is_plain(member)
        or member.size > MOST_MANIFEST_BYTES
    ):
        raise BadBackup("This is not a backup: it does not begin with a manifest.")
    content = tar.extractfile(member)
    assert content is not None
    try:
        return _parse(json.loads(content.read()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadBackup("The manifest of this backup cannot be read.") from error


def _parse(manifest: dict[str, Any]) -> Backup:
    if manifest["format"] != FORMAT:
        raise BadBackup("This backup is in the format of a newer version of the site.")
    parts = {
        str(name): Part(int(part["size"]), str(part["sha256"]))
        for name, part in manifest["parts"].items()
    }
    for name in parts:
        if name != DATABASE and not MODEL_FILE.fullmatch(name):
            raise BadBackup(f"{name!r} is not the name of a part of a backup.")
    if DATABASE not in parts:
        raise BadBackup("This backup is without a database.")
    return Backup(
        made_at=str(manifest["made_at"]),
        database=str(manifest["database"]),
        migrations=[(str(app), str(name)) for app, name in manifest["migrations"]],
        missing=[str(name) for name in manifest["missing"]],
        parts=parts,
    )


def _is_plain(member: tarfile.TarInfo) -> bool:
    """Check that a member is a regular file: not a link, device, folder or sparse file."""
    return member.type == tarfile.REGTYPE and not member.issparse()


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, part: Part) -> None:
    content = tar.extractfile(member)
    assert content is not None
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != part.sha256:
        raise BadBackup(f"{member.name} was changed: its SHA-256 is not the recorded one.")


def _check_kind(backup: Backup) -> None:
    """Refuse a backup of another database system or of a newer version of the site."""
    if backup.database != connection.vendor:
        raise BadBackup(
            f"This is a backup of {backup.database}; the site uses {connection.vendor}."
        )
    known = set(MigrationExecutor(None).loader.disk_migrations or {})
    newer = [f"{app}.{name}" for app, name in backup.migrations if (app, name) not in known]
    if newer:
        raise BadBackup(f"This backup is of another version of the site: it has {newer[0]}.")
